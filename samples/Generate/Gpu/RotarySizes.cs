namespace Generate.Gpu;

/// <summary>How heads lie, and which of their elements are pairs.</summary>
internal readonly record struct RotarySizes(int Heads, int HeadDim, int Pairs, int Step, int Distance);
