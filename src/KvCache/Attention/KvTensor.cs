namespace KvCache.Attention;

/// <summary>An operand of attention: [tokens][heads][dim] at an address that the cache's device can reach.</summary>
/// <remarks>
/// A description, not an owner: the memory must live until the work that uses it has finished, and managed memory must be
/// pinned. Heads of a token follow one another; tokens may lie further apart, as in a fused query-key-value buffer.
/// </remarks>
public readonly record struct KvTensor
{
    /// <summary>Describes an operand.</summary>
    /// <param name="address">Where token 0, head 0 begins.</param>
    /// <param name="tokens">Tokens; 0 or more.</param>
    /// <param name="heads">Heads of a token; at least 1.</param>
    /// <param name="headDim">Elements of a head; at least 1.</param>
    /// <param name="elementType">Float32, Float16 or BFloat16.</param>
    /// <param name="tokenStride">Bytes from a token to the next; 0 (the default) where they follow one another.</param>
    /// <exception cref="ArgumentOutOfRangeException">A count or dimension is too small, or the stride shorter than a token.</exception>
    /// <exception cref="ArgumentException">There are tokens, but no address; or address or stride do not fit the elements.</exception>
    /// <exception cref="NotSupportedException">An element type that is not supported yet.</exception>
    /// <exception cref="OverflowException">The bytes of one token exceed 2⁶³ − 1.</exception>
    public KvTensor(
        nint address, int tokens, int heads, int headDim, KvElementType elementType = KvElementType.Float32, long tokenStride = 0)
    {
        Throw.IfLessThan(tokens, 0, nameof(tokens), nameof(tokens));
        Throw.IfLessThan(heads, 1, nameof(heads), nameof(heads));
        Throw.IfLessThan(headDim, 1, nameof(headDim), nameof(headDim));
        int elementBytes = elementType.Bytes();
        long tokenBytes = checked((long)heads * headDim * elementBytes);
        if (tokenStride != 0)
        {
            Throw.IfLessThan(tokenStride, tokenBytes, nameof(tokenStride), nameof(tokenStride));
        }

        if (address == 0 && tokens > 0)
        {
            Throw.Argument($"The address is 0; expected that of {tokens} tokens.", nameof(address));
        }

        if (address % elementBytes != 0 || tokenStride % elementBytes != 0)
        {
            Throw.Argument(
                $"Address {address:x} and token stride {tokenStride} must be multiples of the element's {elementBytes} bytes.",
                nameof(address));
        }

        Address = address;
        Tokens = tokens;
        Heads = heads;
        HeadDim = headDim;
        ElementType = elementType;
        TokenStride = tokenStride == 0 ? tokenBytes : tokenStride;
    }

    /// <summary>Gets where token 0, head 0 begins.</summary>
    public nint Address { get; }

    /// <summary>Gets the number of tokens.</summary>
    public int Tokens { get; }

    /// <summary>Gets the number of heads of a token.</summary>
    public int Heads { get; }

    /// <summary>Gets the number of elements of a head.</summary>
    public int HeadDim { get; }

    /// <summary>Gets how an element is stored.</summary>
    public KvElementType ElementType { get; }

    /// <summary>Gets the bytes from a token to the next.</summary>
    public long TokenStride { get; }

    /// <inheritdoc/>
    public override string ToString() => $"[{Tokens}][{Heads}][{HeadDim}] {ElementType}";
}
