namespace KvCache.Specs.Attention;

/// <summary>What stands in memory that a call has no business with.</summary>
public enum PoisonKind
{
    /// <summary>Not a number, quiet and signalling, with either sign.</summary>
    NaN,

    /// <summary>Infinity with either sign.</summary>
    Infinity,

    /// <summary>The largest finite numbers with either sign.</summary>
    Huge,

    /// <summary>All of them.</summary>
    Mixed,
}
