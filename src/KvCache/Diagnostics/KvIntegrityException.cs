namespace KvCache.Diagnostics;

/// <summary>The books of an allocator are wrong: a defect of the allocator or memory damage, never a caller's mistake.</summary>
public sealed class KvIntegrityException : Exception
{
    /// <summary>Reports faults.</summary>
    /// <param name="faults">One sentence each; at least one.</param>
    public KvIntegrityException(IReadOnlyList<string> faults)
        : base(string.Join(Environment.NewLine, faults)) => Faults = faults;

    /// <summary>Gets the faults, one sentence each.</summary>
    public IReadOnlyList<string> Faults { get; }
}
