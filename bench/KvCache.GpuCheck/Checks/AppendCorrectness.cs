using KvCache.Attention;
using KvCache.Gpu;
using KvCache.Gpu.Attention;
using KvCache.GpuCheck.Report;
using KvCache.GpuCheck.Workloads;
using KvCache.Memory;

namespace KvCache.GpuCheck.Checks;

/// <summary>What the GPU writes into the cache has the same bits as what the processor writes, for floats of any bits.</summary>
internal sealed class AppendCorrectness : IGpuCheck
{
    private static readonly KvElementType[] Types = [KvElementType.Float32, KvElementType.Float16, KvElementType.BFloat16];

    public string Name => "append-correct";

    public string Summary => "the bits that are written into the cache, from random bits, for every element type";

    public void Run(CheckContext context)
    {
        int tokens = context.Device.Info.Kind == GpuDeviceKind.CpuAccelerator ? 200 : 4096;
        CheckTable table = new("Append against the processor's", "type", "values", "with other bits");
        foreach (KvElementType type in Types)
        {
            AttentionShape shape = new(2, 2, 128, 128, type, 16);
            float[] numbers = AnyBits(tokens * shape.KvHeads * shape.KeyDim, seed: (int)type);
            byte[] expected = WriteOnHost(shape, tokens, numbers);
            byte[] found = WriteOnDevice(context.Device, shape, tokens, numbers);
            int elementBytes = expected.Length / (2 * numbers.Length);
            int wrong = Differences(expected, found, elementBytes);
            table.Add($"{type}", 2 * numbers.Length, wrong);
            if (wrong > 0 || expected.Length != found.Length)
            {
                context.Report.Failures.Add($"append of {type}: {wrong} of {2 * numbers.Length} values have other bits than the processor's");
            }
        }

        context.Report.Tables.Add(table);
    }

    private static float[] AnyBits(int count, int seed)
    {
        Random random = new(seed);
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++)
        {
            // Half of them where binary16 has its numbers and its denormals, half anywhere, NaN and infinities among them.
            numbers[i] = i % 2 == 0
                ? BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue))
                : (random.NextSingle() - 0.5f) * MathF.Pow(2, random.Next(-28, 18));
        }

        return numbers;
    }

    private static unsafe byte[] WriteOnHost(AttentionShape shape, int tokens, float[] numbers)
    {
        using CacheScene scene = new(HostDevice.Instance, shape, 1, [tokens], seed: 1);
        using CpuAttention attention = new();
        using KvStep step = scene.Begin([tokens]);
        attention.Append(step.Enter(0), numbers, numbers);
        step.Complete();
        return Pages(scene, static (address, bytes) => new ReadOnlySpan<byte>((void*)address, bytes).ToArray());
    }

    private static byte[] WriteOnDevice(GpuDevice device, AttentionShape shape, int tokens, float[] numbers)
    {
        using CacheScene scene = new(device, shape, 1, [tokens], seed: 1);
        using GpuAttention attention = new(device);
        using DeviceBuffer source = DeviceBuffer.Of<float>(device, numbers);
        using (KvStep step = scene.Begin([tokens]))
        {
            KvTensor operand = source.AsTensor(tokens, shape.KvHeads, shape.KeyDim);
            attention.Append(step.Enter(0), operand, operand);
            step.Complete();
        }

        device.Synchronize();
        return Pages(scene, (address, bytes) => DeviceBuffer.Read(device, address, bytes));
    }

    /// <summary>All of the pool's bytes: its blocks were taken in the same order on both sides.</summary>
    private static byte[] Pages(CacheScene scene, Func<nint, int, byte[]> read)
    {
        List<byte> all = [];
        scene.ForEachRegion((address, bytes) => all.AddRange(read(address, checked((int)bytes))));
        return [.. all];
    }

    private static int Differences(byte[] expected, byte[] found, int elementBytes)
    {
        int wrong = 0;
        for (int at = 0; at < Math.Min(expected.Length, found.Length); at += elementBytes)
        {
            wrong += expected.AsSpan(at, elementBytes).SequenceEqual(found.AsSpan(at, elementBytes)) ? 0 : 1;
        }

        return wrong;
    }
}
