using Generate.Engine;
using Generate.Tokenizers;

namespace Generate.Output;

/// <summary>Writes a single text as it is generated: the prompt as it was given, what follows it, and a line's end.</summary>
internal sealed class StreamedText : IGenerationListener
{
    private readonly TextWriter _writer;
    private readonly TokenDecoder _decoder;
    private string _prompt;

    public StreamedText(TextTokenizer tokenizer, string prompt, ReadOnlySpan<int> promptTokens, TextWriter writer)
    {
        _writer = writer;
        _prompt = prompt;
        _decoder = tokenizer.CreateDecoder();
        foreach (int token in promptTokens)
        {
            _decoder.Next(token);
        }
    }

    public void OnToken(Generation generation, int token) => Write(_decoder.Next(token));

    public void OnFinished(Generation generation) => Write(_decoder.Finish() + "\n");

    /// <summary>The prompt comes with the first token: a run that is refused prints nothing.</summary>
    private void Write(string text)
    {
        if (_prompt.Length + text.Length > 0)
        {
            _writer.Write(_prompt + text);
            _writer.Flush();
            _prompt = "";
        }
    }
}
