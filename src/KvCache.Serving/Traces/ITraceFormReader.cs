namespace KvCache.Serving.Traces;

/// <summary>Reads the requests of one form of trace.</summary>
internal interface ITraceFormReader
{
    /// <summary>Gets the tokens that a block id stands for; 0 where the form has none.</summary>
    int BlockTokens { get; }

    /// <summary>Reads the next request, or null after the last.</summary>
    /// <exception cref="Text.UnexpectedTextException">The line is no request.</exception>
    TraceRequest? Read(int index);
}
