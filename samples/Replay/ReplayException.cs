namespace Replay;

/// <summary>Something the user can put right; its message is the one line that the tool prints.</summary>
internal class ReplayException(string message) : Exception(message);
