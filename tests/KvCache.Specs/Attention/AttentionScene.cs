using KvCache.Attention;
using KvCache.Memory;
using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Specs.Attention;

/// <summary>A case laid out in memory, in the middle of its step: pages, operands, and poison everywhere else.</summary>
/// <remarks>The contents of rows may be changed before the first call; <see cref="Image"/> and its upload change memory later.</remarks>
public sealed class AttentionScene : IDisposable
{
    private readonly AttentionSite _site;
    private readonly CacheFixture _cache;
    private readonly DeviceMemory _memory;
    private readonly LayerImage _other;
    private bool _filled;

    public AttentionScene(AttentionSite site, AttentionCase drawn)
    {
        (_site, Case, Rows) = (site, drawn, RowContents.Draw(drawn));
        IKvAllocator allocator = site.CreateAllocator(BatchLayout.SetupOf(drawn));
        _memory = site.MemoryOf(allocator.Device);
        _cache = new CacheFixture(allocator, _memory);
        Step = BatchLayout.Begin(_cache, drawn);
        View = Step.Enter(drawn.Layer);
        Image = new LayerImage(View, _cache.Usage.TotalBlocks);
        _other = new LayerImage(Step.Enter(1 - drawn.Layer), _cache.Usage.TotalBlocks);
        Keys = Operand(drawn.KvHeads, drawn.KeyDim);
        Values = Operand(drawn.KvHeads, drawn.ValueDim);
        Queries = Operand(drawn.QueryHeads, drawn.KeyDim);
        Output = Operand(drawn.QueryHeads, drawn.ValueDim);
    }

    public AttentionCase Case { get; }

    /// <summary>What keys, values and queries are, row by row.</summary>
    public RowContents[] Rows { get; }

    public KvStep Step { get; }

    public KvLayerView View { get; }

    /// <summary>What the layer's memory should hold now.</summary>
    public LayerImage Image { get; private set; }

    public Operand Keys { get; }

    public Operand Values { get; }

    public Operand Queries { get; }

    public Operand Output { get; }

    /// <summary>Appends the step's keys and values, which must be all that changes.</summary>
    public void Append(IKvAttention attention)
    {
        Fill();
        attention.Append(View, Keys.Tensor, Values.Tensor);
        for (int row = 0; row < Rows.Length; row++)
        {
            Image.Write(row, Case.Rows[row].Cached, Case.Rows[row].Length, Rows[row]);
        }

        AssertMemory();
    }

    /// <summary>The output of the step's queries, without gaps. Memory and queries must stay as they are.</summary>
    public float[] Attend(IKvAttention attention)
    {
        Fill();
        Output.Clear();
        attention.Attend(View, Queries.Tensor, Output.Tensor, Case.Scoring);
        AssertMemory();
        return Output.Read();
    }

    /// <summary>The same, written over the queries.</summary>
    public float[] AttendInPlace(IKvAttention attention)
    {
        Fill();
        attention.Attend(View, Queries.Tensor, Queries.Tensor, Case.Scoring);
        _site.Finish(View.Device);
        return Queries.Read();
    }

    /// <summary>Appends and attends; the answer is the output.</summary>
    public float[] Run(IKvAttention attention)
    {
        Append(attention);
        return Attend(attention);
    }

    /// <summary>The right output for what memory should hold.</summary>
    public ReferenceAttention ExpectedOfStored() =>
        Expected(row => (Image.Numbers(row, Case.Rows[row].Length, values: false), Image.Numbers(row, Case.Rows[row].Length, values: true)));

    /// <summary>The right output for keys and values as they were before they were rounded to be stored.</summary>
    public ReferenceAttention ExpectedOfUnrounded() =>
        Expected(row => (Array.ConvertAll(Rows[row].Keys, key => (double)key), Array.ConvertAll(Rows[row].Values, value => (double)value)));

    /// <summary>Brings changes of <see cref="Image"/> into memory.</summary>
    public void Upload() => Image.Upload(_memory);

    /// <summary>Writes contents, operands and poison where they belong, once.</summary>
    public void Fill()
    {
        if (_filled)
        {
            return;
        }

        _filled = true;
        Image.FillWithPoison(Case.Poison, Case.Seed);
        _other.FillWithPoison(Case.Poison, Case.Seed + 2);
        for (int row = 0; row < Rows.Length; row++)
        {
            Image.Write(row, 0, Case.Rows[row].Cached, Rows[row]);
        }

        Image.Upload(_memory);
        _other.Upload(_memory);
        FillOperands();
    }

    /// <summary>Writes the operands anew, after contents have changed.</summary>
    public void FillOperands()
    {
        Keys.Write(OfStep(Case.KvHeads * Case.KeyDim, contents => contents.Keys));
        Values.Write(OfStep(Case.KvHeads * Case.ValueDim, contents => contents.Values));
        Queries.Write(OfStep(Case.QueryHeads * Case.KeyDim, contents => contents.Queries));
    }

    /// <summary>After the device has finished: all pages hold what they should, operands what they held.</summary>
    public void AssertMemory()
    {
        _site.Finish(View.Device);
        LayerImage now = Image.Download(_memory);
        AssertSame(Image.Keys, now.Keys, "keys");
        AssertSame(Image.Values, now.Values, "values");
        LayerImage other = _other.Download(_memory);
        AssertSame(_other.Keys, other.Keys, "another layer's keys");
        AssertSame(_other.Values, other.Values, "another layer's values");
        Image = now;
        Keys.AssertUnchanged();
        Values.AssertUnchanged();
        Queries.AssertUnchanged();
    }

    public void Dispose()
    {
        Step.Dispose();
        _cache.Dispose();
        Keys.Dispose();
        Values.Dispose();
        Queries.Dispose();
        Output.Dispose();
    }

    private Operand Operand(int heads, int headDim) => new(_site, View.Device, Case, Case.TokenCount, heads, headDim);

    /// <summary>The last elements of every row: those of the positions that the step computes.</summary>
    private float[] OfStep(int elements, Func<RowContents, float[]> contents)
    {
        List<float> all = [];
        for (int row = 0; row < Rows.Length; row++)
        {
            all.AddRange(contents(Rows[row]).AsSpan()[^(Case.Rows[row].Computed * elements)..]);
        }

        return [.. all];
    }

    private ReferenceAttention Expected(Func<int, (double[] Keys, double[] Values)> stored)
    {
        ReferenceAttention expected = new(View.Shape, Case.QueryHeads, Case.Scoring, Case.TokenCount);
        int token = 0;
        for (int row = 0; row < Rows.Length; row++)
        {
            if (Case.Rows[row].Computed > 0)
            {
                (double[] keys, double[] values) = stored(row);
                expected.Add(token, Case.Rows[row].Computed, Case.Rows[row].Length, keys, values, Rows[row].Queries);
                token += Case.Rows[row].Computed;
            }
        }

        return expected;
    }

    /// <summary>Bytes are the same, but for numbers that should be NaN: any NaN will do.</summary>
    private void AssertSame(byte[] expected, byte[] actual, string what)
    {
        int at = 0;
        while ((at += actual.AsSpan(at).CommonPrefixLength(expected.AsSpan(at))) < expected.Length)
        {
            int element = at / Image.Format.Bytes;
            uint wanted = Image.Format.ReadBits(expected, element);
            uint found = Image.Format.ReadBits(actual, element);
            Assert.True(
                Image.Format.IsNaN(wanted) && Image.Format.IsNaN(found),
                $"Element {element} of the {what} is {found:X}; expected {wanted:X}.");
            at = (element + 1) * Image.Format.Bytes;
        }
    }
}
