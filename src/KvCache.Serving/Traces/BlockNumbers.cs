namespace KvCache.Serving.Traces;

/// <summary>Numbers block ids densely from 0, so that no two collide however wide they are.</summary>
internal sealed class BlockNumbers
{
    private readonly Dictionary<Int128, int> _numbers = [];

    /// <summary>Gets how many different ids there were.</summary>
    public int Count => _numbers.Count;

    public int[] Of(List<Int128> ids)
    {
        int[] numbers = new int[ids.Count];
        for (int i = 0; i < numbers.Length; i++)
        {
            if (!_numbers.TryGetValue(ids[i], out numbers[i]))
            {
                numbers[i] = _numbers.Count;
                _numbers.Add(ids[i], numbers[i]);
            }
        }

        return numbers;
    }
}
