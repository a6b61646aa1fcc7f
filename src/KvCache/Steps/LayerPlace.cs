namespace KvCache.Steps;

/// <summary>Where a layer's pages are.</summary>
/// <param name="Keys">The address of page 0's keys.</param>
/// <param name="Values">The address of page 0's values.</param>
/// <param name="Table">Which pages hold which positions.</param>
internal readonly record struct LayerPlace(nint Keys, nint Values, PageTable Table);
