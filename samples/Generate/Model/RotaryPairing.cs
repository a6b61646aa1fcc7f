namespace Generate.Model;

/// <summary>Which two elements of a head rotary embedding turns together.</summary>
internal enum RotaryPairing
{
    /// <summary>Elements 2i and 2i + 1.</summary>
    Adjacent,

    /// <summary>Elements i and i + half of those that rotate.</summary>
    Halves,
}
