using System.Runtime.InteropServices;
using KvCache.Attention;
using KvCache.Memory;
using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Specs.Attention;

/// <summary>A tensor in device memory. What lies around it and between its tokens must stay as it was, and is no number.</summary>
public sealed class Operand : IDisposable
{
    // A signalling NaN: arithmetic with it shows, and moving it as a number does not change it unseen.
    private const uint Background = 0x7FA5_A5A5;
    private readonly KvArena _arena;
    private readonly DeviceMemory _memory;
    private readonly uint[] _words;
    private readonly int _first;
    private readonly int _tokenElements;
    private readonly int _stride;

    public Operand(AttentionSite site, IKvDevice device, AttentionCase drawn, int tokens, int heads, int headDim)
    {
        _tokenElements = heads * headDim;
        _stride = _tokenElements + drawn.Gap;
        _first = site.GuardElements + drawn.Skew;
        int elements = tokens == 0 ? 0 : ((tokens - 1) * _stride) + _tokenElements;
        _words = new uint[_first + elements + Math.Max(site.GuardElements, 1 - elements)];
        _arena = site.AllocateOperand(device, (long)_words.Length * sizeof(uint));
        _memory = site.MemoryOf(device);
        Tensor = new KvTensor(
            _arena.Address + (_first * sizeof(uint)), tokens, heads, headDim, tokenStride: drawn.Gap == 0 ? 0 : _stride * (long)sizeof(uint));
        Clear();
    }

    public KvTensor Tensor { get; }

    /// <summary>Makes all elements NaN.</summary>
    public void Clear()
    {
        _words.AsSpan().Fill(Background);
        Upload();
    }

    /// <summary>Writes all elements; they are given without gaps.</summary>
    public void Write(ReadOnlySpan<float> dense)
    {
        Assert.Equal(Tensor.Tokens * _tokenElements, dense.Length);
        for (int token = 0; token < Tensor.Tokens; token++)
        {
            dense.Slice(token * _tokenElements, _tokenElements).CopyTo(Elements(_words, token));
        }

        Upload();
    }

    /// <summary>Reads all elements, without gaps; nothing else may have changed.</summary>
    public float[] Read()
    {
        uint[] words = Download();
        float[] dense = new float[Tensor.Tokens * _tokenElements];
        for (int token = 0; token < Tensor.Tokens; token++)
        {
            Elements(words, token).CopyTo(dense.AsSpan(token * _tokenElements));
            Elements(_words, token).CopyTo(Elements(words, token));
        }

        AssertAsWritten(words, "Around an output");
        return dense;
    }

    public void AssertUnchanged() => AssertAsWritten(Download(), "In or around an operand");

    public void Dispose() => _arena.Dispose();

    private Span<float> Elements(uint[] words, int token) =>
        MemoryMarshal.Cast<uint, float>(words.AsSpan(_first + (token * _stride), _tokenElements));

    private void Upload() => _memory.Write(_arena.Address, MemoryMarshal.AsBytes(_words.AsSpan()));

    private uint[] Download()
    {
        uint[] words = new uint[_words.Length];
        _memory.Read(_arena.Address, MemoryMarshal.AsBytes(words.AsSpan()));
        return words;
    }

    private void AssertAsWritten(uint[] words, string where)
    {
        int same = words.AsSpan().CommonPrefixLength(_words);
        Assert.True(
            same == words.Length,
            $"{where} ({Tensor}), element {same - _first} from its start was {_words[Math.Min(same, _words.Length - 1)]:X8} and has changed.");
    }
}
