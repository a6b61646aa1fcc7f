using System.Runtime.InteropServices;
using Generate.Engine;
using Generate.Model;
using Generate.Tests.Engine;
using KvCache;
using KvCache.Gpu;
using KvCache.Layerwise;
using KvCache.Specs.Devices;
using KvCache.Virtual;
using Xunit;

namespace Generate.Tests.Golden;

/// <summary>The stories model, fed as the reference was: token by token and in chunks, alone and in one batch.</summary>
public sealed class LogitsTests
{
    private const float Tolerance = 1e-3f;
    private const int SmallCache = 1 << 21;

    public static TheoryData<int, int, bool> Settings => new(
        from blockTokens in new[] { 1, 16, 32 }
        from chunk in new[] { 1, 7, 100 }
        from together in new[] { false, true }
        select (blockTokens, chunk, together));

    [Theory]
    [MemberData(nameof(Settings))]
    public void Logits_are_those_of_the_reference(int blockTokens, int chunk, bool together)
    {
        StoriesReference reference = StoriesReference.Read();
        int[][] batches = together ? [[0, 1, 2]] : [[0], [1], [2]];
        foreach (int[] batch in batches)
        {
            List<float>[] logits = Feed([.. batch.Select(i => reference.Tokens[i])], blockTokens, chunk, KvElementType.Float32);
            for (int i = 0; i < batch.Length; i++)
            {
                AssertLike(reference, batch[i], CollectionsMarshal.AsSpan(logits[i]));
            }
        }
    }

    [Fact]
    public void Logits_are_those_of_the_reference_in_virtual_tensors_too()
    {
        Assert.SkipUnless(VirtualKvAllocator.IsSupported, "This system cannot map memory.");
        StoriesReference reference = StoriesReference.Read();
        List<float>[] paged = Feed(reference.Tokens, blockTokens: 16, chunk: 7, KvElementType.Float32);
        List<float>[] mapped = Feed(reference.Tokens, blockTokens: 16, chunk: 7, KvElementType.Float32, allocatorName: "virtual", bytes: 64 << 20);
        for (int i = 0; i < mapped.Length; i++)
        {
            AssertLike(reference, i, CollectionsMarshal.AsSpan(mapped[i]));
            Assert.InRange(paged[i].Zip(mapped[i], (a, b) => Math.Abs(a - b)).Max(), 0, 1e-4f);
        }
    }

    /// <summary>Room on the device for all layers, for two of five, and for one and a block; copies beside the work, late, and failing.</summary>
    [Theory]
    [InlineData(5, 2, 0, null)]
    [InlineData(2, 2, 0, null)]
    [InlineData(2, 2, 0, 0.0)]
    [InlineData(1, 1, 1, null)]
    [InlineData(1, 1, 1, 0.01)]
    public void Logits_are_those_of_the_reference_wherever_the_layers_are(int layers, int staging, int more, double? failures)
    {
        StoriesReference reference = StoriesReference.Read();
        using ComputeDevice device = ComputeDevice.Open(default, threads: 2);
        using LoadedModel model = LoadedModel.Open(StoriesReference.ModelPath);
        WaywardLink? link = failures is { } share ? new WaywardLink(seed: 8, share) : null;
        KvGeometry geometry = model.Shape.Geometry(KvElementType.Float32);
        using LayerwiseKvAllocator allocator = Tight.Create(geometry, blocks: 60, layers, staging, more, link);
        List<float>[] logits = [.. reference.Tokens.Select(static _ => new List<float>())];
        new LogitsFeed(new Transformer(model.Shape, model.Weights, device.Attention, device.Operations), allocator, chunk: 7).Run(
            reference.Tokens, (sequence, values) => logits[sequence].AddRange(values));
        allocator.CheckIntegrity();
        Assert.True(link is null || (link.Submitted > 0 && link.Failed > 0 == failures > 0));
        for (int i = 0; i < logits.Length; i++)
        {
            AssertLike(reference, i, CollectionsMarshal.AsSpan(logits[i]));
        }
    }

    [Theory]
    [InlineData(KvElementType.Float16, 0.05f)]
    [InlineData(KvElementType.BFloat16, 0.5f)]
    public void Shorter_elements_cost_little(KvElementType elementType, float tolerance)
    {
        StoriesReference reference = StoriesReference.Read();
        List<float>[] logits = Feed(reference.Tokens, blockTokens: 16, chunk: 100, elementType);
        float largest = reference.Logits.Zip(logits).Max(pair => pair.First.Zip(pair.Second, (a, b) => Math.Abs(a - b)).Max());
        Assert.InRange(largest, float.Epsilon, tolerance);
    }

    [Fact]
    public void The_tool_writes_the_logits_of_a_file_of_tokens()
    {
        StoriesReference reference = StoriesReference.Read();
        string folder = Directory.CreateTempSubdirectory().FullName;
        string[] Name(string kind) => [.. Enumerable.Range(0, 3).Select(i => Path.Combine(folder, $"{kind}{i}"))];
        string[] feeds = Name("feed");
        string[] logits = Name("logits");
        List<string> args = ["--model", StoriesReference.ModelPath, "--feed-chunk", "5"];
        for (int i = 0; i < feeds.Length; i++)
        {
            File.WriteAllText(feeds[i], string.Join(i == 0 ? " " : ",\n", reference.Tokens[i]));
            args.AddRange(["--feed", feeds[i], "--logits", logits[i]]);
        }

        ToolResult result = ToolResult.Run([.. args]);
        Assert.Equal((0, "", ""), (result.ExitCode, result.Output, result.Error));
        for (int i = 0; i < feeds.Length; i++)
        {
            AssertLike(reference, i, MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(logits[i])));
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>The first tokens of each sequence: one alone token by token, and all of them in chunks.</summary>
    [Theory]
    [InlineData(20, 1, new[] { 0 })]
    [InlineData(32, 11, new[] { 0, 1, 2 })]
    public void Logits_on_a_simulated_device_are_those_of_the_reference(int positions, int chunk, int[] batch)
    {
        StoriesReference reference = StoriesReference.Read();
        List<float>[] logits = Feed(
            [.. batch.Select(i => reference.Tokens[i][..positions])],
            blockTokens: 16,
            chunk,
            KvElementType.Float32,
            new DeviceChoice(GpuDeviceKind.CpuAccelerator, 0));
        for (int i = 0; i < batch.Length; i++)
        {
            AssertLike(reference, batch[i], CollectionsMarshal.AsSpan(logits[i]), positions);
        }
    }

    private static List<float>[] Feed(
        IReadOnlyList<int[]> sequences, int blockTokens, int chunk, KvElementType elementType, DeviceChoice choice = default, string allocatorName = "paged", long bytes = SmallCache)
    {
        using ComputeDevice device = ComputeDevice.Open(choice, threads: 2);
        using LoadedModel model = LoadedModel.Open(StoriesReference.ModelPath);
        using IKvAllocator allocator = KvAllocators.Create(allocatorName, model.Shape.Geometry(elementType), blockTokens, bytes, device.Memory);
        List<float>[] logits = [.. sequences.Select(static _ => new List<float>())];
        new LogitsFeed(new Transformer(model.Shape, model.Weights, device.Attention, device.Operations), allocator, chunk).Run(
            sequences, (sequence, values) => logits[sequence].AddRange(values));
        allocator.CheckIntegrity();
        return logits;
    }

    private static void AssertLike(StoriesReference reference, int sequence, ReadOnlySpan<float> logits, int? first = null)
    {
        float[] expected = reference.Logits[sequence];
        int positions = first ?? reference.Tokens[sequence].Length;
        Assert.Equal(positions * StoriesReference.Vocabulary, logits.Length);
        for (int position = 0; position < positions; position++)
        {
            ReadOnlySpan<float> own = logits.Slice(position * StoriesReference.Vocabulary, StoriesReference.Vocabulary);
            ReadOnlySpan<float> theirs = expected.AsSpan(position * StoriesReference.Vocabulary, StoriesReference.Vocabulary);
            for (int token = 0; token < own.Length; token++)
            {
                if (!(Math.Abs(own[token] - theirs[token]) <= Tolerance))
                {
                    Assert.Fail($"Sequence {sequence}, position {position}, token {token}: {own[token]}, expected {theirs[token]}.");
                }
            }

            Assert.Equal(reference.Argmaxes[sequence][position], System.Numerics.Tensors.TensorPrimitives.IndexOfMax(own));
        }
    }
}
