namespace KvCache.Serving.Simulation;

/// <summary>What a simulated request says: its prompt, and behind it its answer. Requests that say the same share blocks.</summary>
/// <remarks>A function: equal positions have equal tokens, whenever they are read.</remarks>
public interface ITokenSource
{
    /// <summary>Reads tokens.</summary>
    /// <param name="position">The first, from 0; the prompt's length is where the answer begins.</param>
    /// <param name="tokens">Receives them; its length says how many.</param>
    void Read(int position, Span<int> tokens);
}
