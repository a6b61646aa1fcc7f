namespace KvCache.Attention;

/// <summary>A part of a call that one worker does.</summary>
/// <param name="Row">The row.</param>
/// <param name="First">Decode: the first position. Prefill: the first of the row's new tokens.</param>
/// <param name="End">One past the last.</param>
/// <param name="HeadFirst">The first KV head.</param>
/// <param name="HeadEnd">One past the last.</param>
/// <param name="Slot">Decode: where the partial result goes; −1 where it is the whole result. Prefill: −2.</param>
internal readonly record struct WorkItem(int Row, int First, int End, int HeadFirst, int HeadEnd, int Slot)
{
    public const int Whole = -1;
    public const int Prefill = -2;
}
