namespace KvCache.GpuCheck.Report;

/// <summary>All that a run of the program found out.</summary>
internal sealed class CheckReport(string device)
{
    /// <summary>Gets the device's name.</summary>
    public string Device { get; } = device;

    public List<CheckTable> Tables { get; } = [];

    /// <summary>Gets what could not be found out here, and why, a line each.</summary>
    public List<string> Skipped { get; } = [];

    /// <summary>Gets what was wrong, a line each; empty if everything was correct.</summary>
    public List<string> Failures { get; } = [];
}
