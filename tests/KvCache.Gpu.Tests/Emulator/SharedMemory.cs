namespace KvCache.Gpu.Tests.Emulator;

/// <summary>A block's shared memory, which knows who touched what since threads last met.</summary>
/// <remarks>
/// Two threads race when one writes what the other touches, and no barrier that both took part in lies between. Copies in flight may not
/// be touched at all until the thread that began them has waited; others must meet that thread afterwards.
/// </remarks>
internal sealed class SharedMemory(Block block, int bytes)
{
    public const byte Poison = 0xFF;
    private const int WordBytes = 4;
    private readonly byte[] _bytes = Poisoned(bytes);
    private readonly Touch[] _written = new Touch[(bytes / WordBytes) + 1];
    private readonly Touch[] _read = new Touch[(bytes / WordBytes) + 1];
    private readonly int[] _inFlight = new int[(bytes / WordBytes) + 1];

    /// <summary>The bytes that a lane reads.</summary>
    public ReadOnlySpan<byte> Read(Warp warp, int lane, long address, int count, PtxStatement by)
    {
        Check(warp, lane, address, count, writes: false, by);
        return _bytes.AsSpan((int)address, count);
    }

    /// <summary>The bytes that a lane writes.</summary>
    public Span<byte> Write(Warp warp, int lane, long address, int count, PtxStatement by)
    {
        Check(warp, lane, address, count, writes: true, by);
        return _bytes.AsSpan((int)address, count);
    }

    /// <summary>Marks what a copy is going to write; until it has, it is poison.</summary>
    public void BeginCopy(Warp warp, int lane, long address, int count, PtxStatement by)
    {
        Write(warp, lane, address, count, by).Fill(Poison);
        _inFlight.AsSpan((int)(address / WordBytes), count / WordBytes).Fill(warp.Thread(lane) + 1);
    }

    /// <summary>Ends a copy: its thread sees it, others after they have met that thread.</summary>
    public void EndCopy(Warp warp, int lane, int address, ReadOnlySpan<byte> contents)
    {
        contents.CopyTo(_bytes.AsSpan(address));
        int first = address / WordBytes;
        _inFlight.AsSpan(first, contents.Length / WordBytes).Clear();
        _written.AsSpan(first, contents.Length / WordBytes).Fill(TouchOf(warp, lane));
    }

    private static byte[] Poisoned(int bytes)
    {
        byte[] memory = new byte[bytes];
        Array.Fill(memory, Poison);
        return memory;
    }

    private Touch TouchOf(Warp warp, int lane) => new(warp.Thread(lane) + 1, warp.Epoch, block.Epoch);

    private void Check(Warp warp, int lane, long address, int count, bool writes, PtxStatement by)
    {
        if (address < 0 || address + count > _bytes.Length)
        {
            throw new PtxFault($"Shared address {address:X} ({count} bytes) is outside of {_bytes.Length} bytes: {by.Text}");
        }

        if (address % count != 0)
        {
            throw new PtxFault($"Shared address {address:X} is not a multiple of {count}: {by.Text}");
        }

        Touch touch = TouchOf(warp, lane);
        for (long word = address / WordBytes; word <= (address + count - 1) / WordBytes; word++)
        {
            if (_inFlight[word] != 0)
            {
                throw new PtxFault($"Thread {touch.Thread - 1} touches shared {word * WordBytes:X} where thread {_inFlight[word] - 1}'s copy is in flight: {by.Text}");
            }

            CheckRace(_written[word], touch, word, writes ? "write after write" : "read after write", by);
            if (writes)
            {
                CheckRace(_read[word], touch, word, "write after read", by);
                _written[word] = touch;
            }
            else
            {
                _read[word] = touch;
            }
        }
    }

    private void CheckRace(Touch before, Touch now, long word, string kind, PtxStatement by)
    {
        bool sameWarp = (before.Thread - 1) / Warp.Lanes == (now.Thread - 1) / Warp.Lanes;
        if (before.Thread != 0 && before.Thread != now.Thread && before.BlockEpoch == block.Epoch
            && (!sameWarp || before.WarpEpoch == now.WarpEpoch))
        {
            throw new PtxFault($"Race, {kind}: threads {before.Thread - 1} and {now.Thread - 1} at shared {word * WordBytes:X}: {by.Text}");
        }
    }

    /// <summary>Who touched a word last, and when; thread 0 stands for nobody, and all others are one more than they are.</summary>
    private readonly record struct Touch(int Thread, int WarpEpoch, int BlockEpoch);
}
