using Generate.Gguf;
using Xunit;

namespace Generate.Tests.Gguf;

/// <summary>10,000 files damaged at random: each is refused cleanly, for little memory, or read and found consistent.</summary>
public sealed class FuzzTests
{
    private const int Seed = 20_240_717;

    /// <summary>What a refusal may take on the managed heap beside a few times the file.</summary>
    private const long LittleMemory = 64 << 10;

    [Fact]
    public void Damaged_small_files_are_refused_or_consistent() => Fuzz(SampleImages.Small(), SampleImages.Everything().Bytes, cases: 5000);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Damaged_files_of_every_type_are_refused_or_consistent(uint version) =>
        Fuzz(SampleImages.Everything(version), SampleImages.Small().Bytes, cases: 1500);

    [Fact]
    public void Extreme_numbers_anywhere_in_a_small_file_are_refused_or_consistent()
    {
        GgufImage image = SampleImages.Small();
        using GuardedMemory memory = new(image.Bytes.Length);
        byte[] damaged = new byte[image.Bytes.Length];
        for (int place = 0; place <= damaged.Length - sizeof(long); place++)
        {
            foreach (long extreme in Mutator.Extremes)
            {
                foreach (int width in new[] { sizeof(byte), sizeof(int), sizeof(long) })
                {
                    image.Bytes.CopyTo(damaged, 0);
                    BitConverter.GetBytes(extreme).AsSpan(0, width).CopyTo(damaged.AsSpan(place));
                    Check(memory, damaged, $"{extreme} in {width} bytes at {place}");
                }
            }
        }
    }

    [Fact]
    public void Damaged_copies_of_a_model_are_refused_or_consistent()
    {
        byte[] bytes = File.ReadAllBytes(SharedFiles.Find(SharedFiles.Stories));
        using GgufFile file = new GgufImage(bytes, new Dictionary<string, int>()).Open();
        Dictionary<string, int> fields = file.Metadata.ToDictionary(pair => $"value of {pair.Key}", pair => (int)pair.Value.Offset);
        fields["padding"] = (int)file.Tensors.Values.Min(tensor => tensor.Offset);
        foreach ((string key, GgufValue value) in file.Metadata)
        {
            fields[$"before {key}"] = (int)value.Offset - sizeof(long);
        }

        Fuzz(new GgufImage(bytes, fields), SampleImages.Everything().Bytes, cases: 2000);
    }

    private static void Fuzz(GgufImage image, byte[] other, int cases)
    {
        using GuardedMemory memory = new(image.Bytes.Length + 4096);
        int refused = 0;
        for (int i = 0; i < cases; i++)
        {
            byte[] damaged = new Mutator(Seed + i, image, other).Damage();
            refused += Check(memory, damaged, $"case {i}, seed {Seed + i}") ? 1 : 0;
        }

        Assert.InRange(refused, cases / 20, cases - (cases / 20)); // neither way is hardly ever taken
        TestContext.Current.TestOutputHelper?.WriteLine($"{refused} of {cases} refused");
    }

    /// <summary>Whether the file is refused; what is wrong with its reader is told together with what is in it.</summary>
    private static bool Check(GuardedMemory memory, byte[] damaged, string about)
    {
        try
        {
            return IsRefused(memory.Hold(damaged));
        }
        catch (Exception exception)
        {
            string shown = damaged.Length < 10_000 ? Convert.ToHexString(damaged) : "too long to show";
            throw new InvalidOperationException($"{about}: {exception.Message} The file: {shown}.", exception);
        }
    }

    private static bool IsRefused(GgufBytes bytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using GgufFile file = GgufFile.Open(bytes);
            Consistency.Check(file, bytes.Length);
            return false;
        }
        catch (GgufException refusal)
        {
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, LittleMemory + (8 * bytes.Length));
            Assert.InRange(refusal.Offset, 0, bytes.Length);
            Assert.Contains($"offset {refusal.Offset}: expected ", refusal.Message, StringComparison.Ordinal);
            return true;
        }
    }
}
