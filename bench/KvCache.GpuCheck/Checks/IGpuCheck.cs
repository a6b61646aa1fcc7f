namespace KvCache.GpuCheck.Checks;

/// <summary>One thing to find out on a GPU.</summary>
internal interface IGpuCheck
{
    /// <summary>Gets its name, for choosing it.</summary>
    string Name { get; }

    /// <summary>Gets what it does, in a line.</summary>
    string Summary { get; }

    /// <summary>Does it, and adds tables and failures to the report.</summary>
    void Run(CheckContext context);
}
