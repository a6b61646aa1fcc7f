namespace KvCache.Attention;

/// <summary>What one call works on, as kernels want it: addresses, strides and counts, no checks.</summary>
internal unsafe struct AttentionCall
{
    public byte* Keys;
    public byte* Values;
    public long KeyPageStride;
    public long KeyTokenStride;
    public long KeyHeadStride;
    public long ValuePageStride;
    public long ValueTokenStride;
    public long ValueHeadStride;
    public int TokensPerPage;
    public int* PageTable;
    public int PageTableColumns;
    public int PageTableRowStride;
    public int* Lengths;
    public int* QueryOffsets;
    public int Rows;
    public int KvHeads;
    public int Group; // query heads that share a KV head
    public int KeyDim;
    public int ValueDim;
    public float* Queries;
    public long QueryStride; // floats from a token to the next
    public float* Output;
    public long OutputStride;
    public float QueryScale; // turns dot products into the argument of 2ˣ, or of tanh where there is a cap
    public float CapLog2E; // the cap, as a power of two's argument; 0 for none

    public readonly int QueryHeads => KvHeads * Group;

    public static AttentionCall Of(KvLayerView view, KvTensor queries, KvTensor output, KvScoring scoring)
    {
        AttentionCall call = Of(view);
        float scale = scoring.ScaleFor(call.KeyDim);
        call.Group = queries.Heads / call.KvHeads;
        call.Queries = (float*)queries.Address;
        call.QueryStride = queries.TokenStride / sizeof(float);
        call.Output = (float*)output.Address;
        call.OutputStride = output.TokenStride / sizeof(float);
        call.QueryScale = scoring.SoftCap > 0 ? scale / scoring.SoftCap : scale * Exponential.Log2E;
        call.CapLog2E = scoring.SoftCap * Exponential.Log2E;
        return call;
    }

    /// <summary>The cache's side only.</summary>
    public static AttentionCall Of(KvLayerView view)
    {
        KvLayerGroup shape = view.Shape;
        return new AttentionCall
        {
            Keys = (byte*)view.KeyBase,
            Values = (byte*)view.ValueBase,
            KeyPageStride = view.KeyPageStride,
            KeyTokenStride = view.KeyTokenStride,
            KeyHeadStride = view.KeyHeadStride,
            ValuePageStride = view.ValuePageStride,
            ValueTokenStride = view.ValueTokenStride,
            ValueHeadStride = view.ValueHeadStride,
            TokensPerPage = view.TokensPerPage,
            PageTable = (int*)view.PageTableAddress,
            PageTableColumns = view.PageTableColumns,
            PageTableRowStride = view.PageTableRowStride,
            Lengths = (int*)view.LengthsAddress,
            QueryOffsets = (int*)view.QueryOffsetsAddress,
            Rows = view.RowCount,
            KvHeads = shape.KvHeads,
            KeyDim = shape.KeyDim,
            ValueDim = shape.ValueDim,
        };
    }

    /// <summary>The step's positions in a row.</summary>
    public readonly int NewTokens(int row) => QueryOffsets[row + 1] - QueryOffsets[row];

    /// <summary>Finds where the first heads of consecutive positions lie.</summary>
    public readonly void Locate(int row, int first, int count, byte** keys, byte** values)
    {
        int* pages = PageTable + ((long)row * PageTableRowStride);
        if (PageTableColumns == 1)
        {
            LocateInPage(pages[0], first, count, keys, values);
            return;
        }

        (int column, int offset) = Math.DivRem(first, TokensPerPage);
        while (count > 0)
        {
            int run = Math.Min(TokensPerPage - offset, count);
            LocateInPage(pages[column++], offset, run, keys, values);
            keys += run;
            values += run;
            count -= run;
            offset = 0;
        }
    }

    private readonly void LocateInPage(int page, int offset, int count, byte** keys, byte** values)
    {
        byte* key = Keys + (page * KeyPageStride) + (offset * KeyTokenStride);
        byte* value = Values + (page * ValuePageStride) + (offset * ValueTokenStride);
        for (int i = 0; i < count; i++)
        {
            keys[i] = key;
            values[i] = value;
            key += KeyTokenStride;
            value += ValueTokenStride;
        }
    }
}
