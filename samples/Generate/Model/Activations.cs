using KvCache.Attention;

namespace Generate.Model;

/// <summary>Floats for each token of a step, in memory that kernels can be given the address of; grows and is reused.</summary>
internal abstract class Activations(int width)
{
    /// <summary>Gets the floats of a token.</summary>
    public int Width => width;

    /// <summary>Gets the tokens that there is room for since the last <see cref="Resize"/>.</summary>
    public int Tokens { get; private set; }

    /// <summary>Gets the floats of all tokens.</summary>
    public int Length => Tokens * width;

    /// <summary>Gets where the first float lies.</summary>
    protected abstract nint Address { get; }

    /// <summary>Makes room for so many tokens; what was in it is lost.</summary>
    public void Resize(int tokens)
    {
        long length = (long)tokens * width;
        if (length > Array.MaxLength)
        {
            throw new GenerateException(
                $"A step of {tokens} tokens needs {length} floats in one place; expected at most {Array.MaxLength}. Compute fewer tokens at a time.");
        }

        Reserve((int)length);
        Tokens = tokens;
    }

    /// <summary>Describes the tokens as heads.</summary>
    public KvTensor ToTensor(int heads) => new(Address, Tokens, heads, width / heads);

    /// <summary>Sees to it that there is memory for so many floats.</summary>
    protected abstract void Reserve(int length);
}
