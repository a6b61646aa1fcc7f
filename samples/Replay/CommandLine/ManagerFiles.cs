namespace Replay.CommandLine;

/// <summary>Names of files that every manager has its own of.</summary>
internal static class ManagerFiles
{
    public const string Help = "Of several managers, each into a file with its name.";

    /// <summary>The path of one manager's file: "steps.csv" of several managers is "steps.paged.csv".</summary>
    public static string? Of(string? path, string manager, int managers) =>
        string.IsNullOrEmpty(path) || managers == 1 ? path : Path.ChangeExtension(path, manager + Path.GetExtension(path));
}
