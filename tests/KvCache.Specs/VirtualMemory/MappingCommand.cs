namespace KvCache.Specs.VirtualMemory;

public enum MappingCommandKind
{
    Reserve,
    Release,
    Create,
    Destroy,
    Map,
    Unmap,
    Write,
    ReadAll,
}

/// <summary>A step of a random program; the numbers are taken modulo what there is.</summary>
public sealed record MappingCommand(MappingCommandKind Kind, int Pick, int Place, int Amount);
