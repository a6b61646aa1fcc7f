namespace KvCache.Memory;

/// <summary>Whether chunks of virtual memory are put on huge pages.</summary>
public enum HugePagePolicy
{
    /// <summary>Where chunks are whole huge pages (2 MiB) and the system makes them on demand; on ordinary pages otherwise.</summary>
    WherePossible,

    /// <summary>On ordinary pages: chunks are created faster, and reading them is a quarter to a third slower.</summary>
    Never,
}
