namespace KvCache;

/// <summary>Who may share a prefix with whom: only sequences whose namespaces are equal, field by field.</summary>
/// <remarks>
/// The fields are typed, so that an adapter's name can never pass for a tenant's salt, and an empty string is not the
/// same as no value. Compared exactly; never through a hash alone.
/// </remarks>
/// <param name="Salt">A tenant's or user's salt, or null.</param>
/// <param name="Adapter">The name of a LoRA or other adapter, or null for the base model.</param>
/// <param name="ModelFingerprint">What identifies weights, element type and layout, or null where one process serves one model.</param>
public sealed record KvNamespace(string? Salt = null, string? Adapter = null, string? ModelFingerprint = null)
{
    /// <summary>Gets the namespace with no field set.</summary>
    public static KvNamespace Default { get; } = new();
}
