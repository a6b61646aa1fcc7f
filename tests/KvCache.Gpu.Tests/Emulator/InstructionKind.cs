namespace KvCache.Gpu.Tests.Emulator;

/// <summary>How an instruction moves a warp on.</summary>
internal enum InstructionKind
{
    /// <summary>Lanes by themselves.</summary>
    Plain,

    /// <summary>All lanes of the warp that have not ended, together.</summary>
    Convergent,

    /// <summary>All threads of the block, together.</summary>
    Barrier,

    /// <summary>A jump.</summary>
    Jump,

    /// <summary>A jump that all lanes take, or none.</summary>
    UniformJump,

    /// <summary>The end of a thread.</summary>
    Exit,
}
