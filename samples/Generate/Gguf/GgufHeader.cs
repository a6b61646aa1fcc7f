namespace Generate.Gguf;

/// <summary>The first 24 bytes of a file.</summary>
internal readonly record struct GgufHeader(int Version, long TensorCount, long MetadataCount)
{
    private const uint Magic = 0x46554747; // "GGUF"
    private const int LeastTensorBytes = sizeof(ulong) + 1 + sizeof(uint) + sizeof(ulong) + sizeof(uint) + sizeof(ulong);
    private const int LeastMetadataBytes = sizeof(ulong) + 1 + sizeof(uint) + 1;

    public static GgufHeader Read(GgufCursor cursor)
    {
        uint magic = cursor.Read<uint>("the magic 'GGUF'");
        if (magic != Magic)
        {
            throw cursor.Refusal(0, "the magic 'GGUF'", $"0x{magic:X8}");
        }

        uint version = cursor.Read<uint>("the version");
        if (version is not (2 or 3))
        {
            string found = (version & 0xFFFF) == 0 && version != 0 ? $"0x{version:X8}: the file is big-endian" : $"{version}";
            throw cursor.Refusal(sizeof(uint), "version 2 or 3, little-endian", found);
        }

        long tensors = cursor.ReadCount("a tensor count", LeastTensorBytes);
        return new GgufHeader((int)version, tensors, cursor.ReadCount("a metadata count", LeastMetadataBytes));
    }
}
