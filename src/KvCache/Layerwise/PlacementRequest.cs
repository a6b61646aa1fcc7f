namespace KvCache.Layerwise;

/// <summary>What a placement policy is asked about: one sequence, and the room and the link as they are now.</summary>
/// <param name="Layers">Layers of the model.</param>
/// <param name="Tokens">Tokens that the sequence has.</param>
/// <param name="UncomputedTokens">Tokens that are still to be computed: the prompt without its cached prefix.</param>
/// <param name="BytesPerTokenAndLayer">Bytes of one token's keys and values in one layer.</param>
/// <param name="LayersThatFit">The most layers that fit the device beside what other sequences keep now.</param>
/// <param name="BytesToDevicePerSecond">The link's measured bandwidth to the device.</param>
/// <param name="BytesToHostPerSecond">The link's measured bandwidth to the host.</param>
public readonly record struct PlacementRequest(
    int Layers,
    int Tokens,
    int UncomputedTokens,
    long BytesPerTokenAndLayer,
    int LayersThatFit,
    double BytesToDevicePerSecond,
    double BytesToHostPerSecond);
