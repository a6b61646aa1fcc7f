namespace KvCache.Gpu.Devices;

/// <summary>Between which memories a copy goes.</summary>
internal enum CopyDirection
{
    WithinDevice,
    ToDevice,
    ToHost,
}
