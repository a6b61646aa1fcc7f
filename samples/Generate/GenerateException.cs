namespace Generate;

/// <summary>Something the user can put right; its message is the one line that the tool prints.</summary>
internal class GenerateException(string message) : Exception(message);
