namespace KvCache.Attention;

/// <summary>Something that is done in parts, which may be done in any order and at the same time.</summary>
internal interface IPartedWork
{
    /// <summary>Does a part.</summary>
    /// <param name="part">Which.</param>
    /// <param name="worker">Who does it: 0 … workers − 1; a worker does one part at a time.</param>
    void Do(int part, int worker);
}
