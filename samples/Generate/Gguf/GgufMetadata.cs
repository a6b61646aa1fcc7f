using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Generate.Gguf;

/// <summary>What a file says about its model. A key that is missing or holds something else is refused by name.</summary>
internal sealed class GgufMetadata(string file, IReadOnlyDictionary<string, GgufValue> values)
    : IReadOnlyCollection<KeyValuePair<string, GgufValue>>
{
    /// <summary>Gets the number of keys.</summary>
    public int Count => values.Count;

    public bool Contains(string key) => values.ContainsKey(key);

    public IEnumerator<KeyValuePair<string, GgufValue>> GetEnumerator() => values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public int GetInt32(string key) => TryGetInt32(key, out int value) ? value : throw Missing(key, "an integer");

    public bool TryGetInt32(string key, out int value)
    {
        bool found = TryGet(key, isArray: false, v => v.IsInteger, "an integer", out GgufValue stored);
        value = found ? ToInt32(key, stored, 0) : 0;
        return found;
    }

    public int[] GetInt32s(string key) =>
        TryGetInt32s(key, out int[]? value) ? value : throw Missing(key, "an array of integers");

    public bool TryGetInt32s(string key, [NotNullWhen(true)] out int[]? value)
    {
        bool found = TryGet(key, isArray: true, v => v.IsInteger, "an array of integers", out GgufValue stored);
        value = found ? ReadAll(stored, i => ToInt32(key, stored, i)) : null;
        return found;
    }

    public float GetSingle(string key) => TryGetSingle(key, out float value) ? value : throw Missing(key, "a float");

    public bool TryGetSingle(string key, out float value)
    {
        bool found = TryGet(key, isArray: false, v => v.IsFloat, "a float", out GgufValue stored);
        value = found ? (float)stored.FloatAt(0) : 0;
        return found;
    }

    public float[] GetSingles(string key) =>
        TryGetSingles(key, out float[]? value) ? value : throw Missing(key, "an array of floats");

    public bool TryGetSingles(string key, [NotNullWhen(true)] out float[]? value)
    {
        bool found = TryGet(key, isArray: true, v => v.IsFloat, "an array of floats", out GgufValue stored);
        value = found ? ReadAll(stored, i => (float)stored.FloatAt(i)) : null;
        return found;
    }

    public bool GetBoolean(string key) => TryGetBoolean(key, out bool value) ? value : throw Missing(key, "a boolean");

    public bool TryGetBoolean(string key, out bool value)
    {
        bool found = TryGet(key, isArray: false, v => v.IsBoolean, "a boolean", out GgufValue stored);
        value = found && stored.BooleanAt(0);
        return found;
    }

    public string GetString(string key) => TryGetString(key, out string? value) ? value : throw Missing(key, "a string");

    public bool TryGetString(string key, [NotNullWhen(true)] out string? value)
    {
        bool found = TryGet(key, isArray: false, v => v.IsString, "a string", out GgufValue stored);
        value = found ? stored.ReadStrings()[0] : null;
        return found;
    }

    public string[] GetStrings(string key) =>
        TryGetStrings(key, out string[]? value) ? value : throw Missing(key, "an array of strings");

    public bool TryGetStrings(string key, [NotNullWhen(true)] out string[]? value)
    {
        bool found = TryGet(key, isArray: true, v => v.IsString, "an array of strings", out GgufValue stored);
        value = found ? stored.ReadStrings() : null;
        return found;
    }

    private static T[] ReadAll<T>(GgufValue stored, Func<int, T> read)
    {
        T[] all = new T[stored.Count];
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = read(i);
        }

        return all;
    }

    private bool TryGet(string key, bool isArray, Predicate<GgufValue> fits, string expected, out GgufValue stored)
    {
        bool found = values.TryGetValue(key, out stored);
        return !found || (stored.IsArray == isArray && fits(stored))
            ? found
            : throw new GgufException($"{file}: {GgufException.Quote(key)} is stored as {stored}; expected {expected}.");
    }

    private int ToInt32(string key, GgufValue stored, long index)
    {
        Int128 value = stored.IntegerAt(index);
        return value == (int)value
            ? (int)value
            : throw new GgufException($"{file}: {GgufException.Quote(key)} holds {value}; expected an integer of 32 bits.");
    }

    private GgufException Missing(string key, string expected) =>
        new($"{file}: the key {GgufException.Quote(key)} is missing; expected {expected}.");
}
