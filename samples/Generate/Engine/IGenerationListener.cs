namespace Generate.Engine;

/// <summary>Hears of tokens as they are generated.</summary>
internal interface IGenerationListener
{
    void OnToken(Generation generation, int token);

    void OnFinished(Generation generation);
}
