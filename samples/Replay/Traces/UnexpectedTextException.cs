namespace Replay.Traces;

/// <summary>A line that is no request; the message is what was expected, without the place, which the reader knows.</summary>
internal sealed class UnexpectedTextException(string expected) : Exception(expected);
