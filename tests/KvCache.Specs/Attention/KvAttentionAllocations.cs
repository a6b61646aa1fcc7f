using KvCache.Attention;
using Xunit;

namespace KvCache.Specs.Attention;

/// <summary>Nothing is allocated on the managed heap, by any thread, once shapes have been seen.</summary>
/// <remarks>The whole process is watched: a class derived from this one must not run beside other tests.</remarks>
public abstract class KvAttentionAllocations
{
    private const int WarmUp = 40;
    private const int Calls = 25;

    // What else lives in the process allocates now and then; what a call allocates, it allocates in every round.
    private const int Rounds = 10;

    public static TheoryData<KvElementType, string> Batches =>
        new MatrixTheoryData<KvElementType, string>(
            [KvElementType.Float32, KvElementType.Float16, KvElementType.BFloat16],
            ["700+1,33+1,0+1,260+1,9+1", "64+70,0+33", "300+1,0+40,5+0,20+1"]);

    protected abstract AttentionSite Site { get; }

    protected abstract IKvAttention CreateAttention();

    [Theory]
    [MemberData(nameof(Batches))]
    public void Calls_allocate_nothing(KvElementType type, string rows)
    {
        using IKvAttention attention = CreateAttention();
        using AttentionScene scene = new(Site, AttentionCase.Of(type, (2, 4), (40, 24), rows) with { SoftCap = 20 });
        scene.Fill();
        Call(scene, attention, WarmUp);
        long ofCaller = long.MaxValue;
        long ofProcess = long.MaxValue;
        for (int round = 0; round < Rounds && (ofCaller > 0 || ofProcess > 0); round++)
        {
            long caller = GC.GetAllocatedBytesForCurrentThread();
            long process = GC.GetTotalAllocatedBytes(precise: true);
            Call(scene, attention, Calls);
            ofProcess = Math.Min(ofProcess, GC.GetTotalAllocatedBytes(precise: true) - process);
            ofCaller = Math.Min(ofCaller, GC.GetAllocatedBytesForCurrentThread() - caller);
        }

        Assert.True(
            ofCaller == 0 && ofProcess == 0,
            $"{scene.Case}\n{Calls} calls allocate {ofCaller} bytes on the calling thread, {ofProcess} in all; expected none.");
    }

    private static void Call(AttentionScene scene, IKvAttention attention, int times)
    {
        for (int i = 0; i < times; i++)
        {
            attention.Append(scene.View, scene.Keys.Tensor, scene.Values.Tensor);
            attention.Attend(scene.View, scene.Queries.Tensor, scene.Output.Tensor, scene.Case.Scoring);
        }
    }
}
