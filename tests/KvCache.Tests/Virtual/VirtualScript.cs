using KvCache.Specs;
using Xunit;

namespace KvCache.Tests.Virtual;

/// <summary>A run that opens, shares, copies, takes over, grows, forks, moves, trims and closes, and goes on after a refusal.</summary>
internal static class VirtualScript
{
    /// <returns>How many requests were refused.</returns>
    public static int Run(CacheFixture cache, Action betweenRequests)
    {
        int refusals = 0;
        KvSequence? first = Open(VirtualStage.Run(0, 45));
        KvSequence? second = Open([.. VirtualStage.Run(0, 44), 900, 901]);
        Append(first, VirtualStage.Run(500, 30));
        Append(second, VirtualStage.Run(600, 3));
        KvSequence? child = Fork(first, 50);
        Append(child, VirtualStage.Run(700, 9));
        Append(first, [1, 2, 3]);
        first?.Truncate(20);
        Append(first, VirtualStage.Run(800, 20));
        second?.Dispose();
        Check();
        cache.Allocator.Trim(3 * cache.Usage.BlockBytes);
        KvSequence? third = Open([.. VirtualStage.Run(0, 44), 900, 901, 902]);
        child?.Dispose();
        Append(third, VirtualStage.Run(1000, 100));
        Open(VirtualStage.Run(5000, 90));
        Open(VirtualStage.Run(0, 40));
        Check();
        return refusals;

        KvSequence? Open(int[] prompt)
        {
            betweenRequests();
            if (!cache.Allocator.TryOpen(prompt, null, 0, out KvSequence? sequence, out KvRefusal refusal))
            {
                Refuse(refusal);
                return null;
            }

            cache.Track(sequence, KvNamespace.Default);
            cache.Compute(sequence);
            return sequence;
        }

        KvSequence? Fork(KvSequence? parent, int length)
        {
            betweenRequests();
            if (parent is null || parent.Length < length)
            {
                return null;
            }

            if (!parent.TryFork(length, out KvSequence? child, out KvRefusal refusal))
            {
                Refuse(refusal);
                return null;
            }

            cache.Track(child, KvNamespace.Default);
            return child;
        }

        void Append(KvSequence? sequence, int[] tokens)
        {
            betweenRequests();
            if (sequence is null)
            {
                return;
            }

            (int computed, int length, int capacity) = (sequence.ComputedLength, sequence.Length, sequence.Capacity);
            if (!sequence.TryAppend(tokens, out KvRefusal refusal))
            {
                Refuse(refusal);
                Assert.Equal((computed, length, capacity), (sequence.ComputedLength, sequence.Length, sequence.Capacity));
                return;
            }

            cache.Compute(sequence);
        }

        void Refuse(KvRefusal refusal)
        {
            refusals++;
            Assert.True(refusal is KvRefusal.OutOfDeviceMemory or KvRefusal.TransferFailed, $"{refusal}");
            Check();
        }

        void Check()
        {
            cache.Allocator.CheckIntegrity();
            cache.VerifyAll();
        }
    }
}
