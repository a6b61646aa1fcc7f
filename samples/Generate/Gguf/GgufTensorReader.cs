namespace Generate.Gguf;

/// <summary>Reads where tensors lie, and checks that all of each lies inside the file and apart from the others.</summary>
internal sealed class GgufTensorReader(GgufBytes bytes, GgufCursor cursor, uint alignment)
{
    public Dictionary<string, GgufTensor> Read(long count)
    {
        Dictionary<string, GgufTensorInfo> infos = [];
        for (long i = 0; i < count; i++)
        {
            long offset = cursor.Position;
            GgufTensorInfo info = GgufTensorInfoReader.Read(cursor);
            if (!infos.TryAdd(info.Name, info))
            {
                throw cursor.Refusal(
                    offset, "a tensor that has not been there before", $"{GgufException.Quote(info.Name)} again");
            }
        }

        long dataStart = (cursor.Position + alignment - 1) / alignment * alignment;
        foreach (GgufTensorInfo info in infos.Values)
        {
            CheckInside(info, dataStart);
        }

        CheckApart(infos.Values);
        return infos.ToDictionary(
            pair => pair.Key, pair => new GgufTensor(bytes, pair.Value, dataStart + (long)pair.Value.DataOffset));
    }

    private void CheckInside(GgufTensorInfo info, long dataStart)
    {
        if (info.DataOffset % alignment != 0)
        {
            throw cursor.Refusal(
                info.FieldOffset,
                $"a multiple of {alignment}, where tensor {GgufException.Quote(info.Name)} begins",
                $"{info.DataOffset}");
        }

        long room = Math.Max(0, bytes.Length - dataStart);
        if (info.ByteLength > room || info.DataOffset > (ulong)(room - info.ByteLength))
        {
            throw cursor.Refusal(
                info.FieldOffset,
                $"tensor {GgufException.Quote(info.Name)} of {info.ByteLength} bytes inside " +
                $"the {room} bytes from offset {dataStart} on",
                $"a beginning at {info.DataOffset}");
        }
    }

    private void CheckApart(IEnumerable<GgufTensorInfo> infos)
    {
        GgufTensorInfo? before = null;
        foreach (GgufTensorInfo info in infos.OrderBy(info => info.DataOffset))
        {
            if (before is not null && before.DataOffset + (ulong)before.ByteLength > info.DataOffset)
            {
                throw cursor.Refusal(
                    info.FieldOffset,
                    $"tensor {GgufException.Quote(info.Name)} after the {before.ByteLength} bytes of " +
                    $"{GgufException.Quote(before.Name)} at {before.DataOffset}",
                    $"{info.DataOffset}");
            }

            before = info;
        }
    }
}
