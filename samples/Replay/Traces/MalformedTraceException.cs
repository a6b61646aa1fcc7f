namespace Replay.Traces;

/// <summary>A trace that cannot be read: the file, the line, and what was expected there.</summary>
internal sealed class MalformedTraceException(string file, long line, string expected)
    : ReplayException($"{file}:{line}: expected {expected}");
