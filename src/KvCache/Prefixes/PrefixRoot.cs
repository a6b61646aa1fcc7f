using System.Buffers.Binary;
using System.Text;

namespace KvCache.Prefixes;

/// <summary>Where the chains of one namespace begin.</summary>
internal sealed class PrefixRoot(KvNamespace identity, int content, UInt128 hash)
{
    public KvNamespace Identity => identity;

    /// <summary>Gets what first blocks name as the content before them; below 0, so that it is never a content's number.</summary>
    public int Content => content;

    public UInt128 Hash => hash;

    /// <summary>Gets or sets how many open sequences and published first blocks need this root.</summary>
    public int Users { get; set; }

    /// <summary>Writes a namespace so that no field can pass for another: per field a tag, a length and UTF-8 bytes.</summary>
    public static byte[] Encode(KvNamespace identity)
    {
        using MemoryStream stream = new();
        Span<byte> header = stackalloc byte[5];
        ReadOnlySpan<string?> fields = [identity.Salt, identity.Adapter, identity.ModelFingerprint];
        for (byte tag = 0; tag < fields.Length; tag++)
        {
            if (fields[tag] is { } value)
            {
                byte[] text = Encoding.UTF8.GetBytes(value);
                header[0] = tag;
                BinaryPrimitives.WriteInt32LittleEndian(header[1..], text.Length);
                stream.Write(header);
                stream.Write(text);
            }
        }

        return stream.ToArray();
    }
}
