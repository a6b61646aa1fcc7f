namespace Generate.Weights;

/// <summary>A storage format: how a row of it becomes floats.</summary>
internal unsafe interface IRowDecoder
{
    /// <summary>Decodes a row of whole blocks.</summary>
    static abstract void Decode(byte* row, int columns, float* destination);
}
