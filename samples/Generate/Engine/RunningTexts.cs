using System.Collections;

namespace Generate.Engine;

/// <summary>The texts that have a sequence, the oldest first, so that each keeps its row from step to step.</summary>
internal sealed class RunningTexts : IReadOnlyList<Generation>
{
    private readonly List<Generation> _texts = [];

    public int Count => _texts.Count;

    public Generation this[int index] => _texts[index];

    public void Add(Generation generation)
    {
        int index = _texts.FindLastIndex(text => text.Age < generation.Age) + 1;
        _texts.Insert(index, generation);
    }

    /// <summary>Takes a text out and gives its memory back.</summary>
    public void Remove(Generation generation)
    {
        generation.Release();
        _texts.Remove(generation);
    }

    public IEnumerator<Generation> GetEnumerator() => _texts.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
