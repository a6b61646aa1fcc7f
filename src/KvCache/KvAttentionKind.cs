namespace KvCache;

/// <summary>What a group of layers keeps of the past.</summary>
/// <remarks>
/// Only <see cref="Full"/> is supported. The other members exist so that a model which needs them can be named;
/// <see cref="KvGeometry"/> refuses them by that name.
/// </remarks>
public enum KvAttentionKind
{
    /// <summary>Every position attends to all positions before it.</summary>
    Full,

    /// <summary>A position attends to a window of the last positions. Not supported yet.</summary>
    SlidingWindow,

    /// <summary>Keys and values are held as one latent vector (multi-head latent attention). Not supported yet.</summary>
    Latent,

    /// <summary>The layers read another group's keys and values. Not supported yet.</summary>
    Aliased,
}
