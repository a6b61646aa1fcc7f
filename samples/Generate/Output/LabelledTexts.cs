using Generate.Engine;
using Generate.Tokenizers;

namespace Generate.Output;

/// <summary>Collects several texts and writes each under a heading, in order, as soon as it and those before it are complete.</summary>
internal sealed class LabelledTexts : IGenerationListener
{
    private readonly TextWriter _writer;
    private readonly int _samples;
    private readonly int _prompts;
    private readonly StringWriter[] _texts;
    private readonly StreamedText[] _streams;
    private readonly bool[] _finished;
    private int _written;

    public LabelledTexts(
        TextTokenizer tokenizer, IReadOnlyList<string> prompts, IReadOnlyList<int[]> promptTokens, int samples, TextWriter writer)
    {
        _writer = writer;
        _samples = samples;
        _prompts = prompts.Count;
        _texts = [.. Enumerable.Range(0, _prompts * samples).Select(static _ => new StringWriter())];
        _streams = [.. _texts.Select((text, i) =>
            new StreamedText(tokenizer, prompts[i / samples], promptTokens[i / samples], text))];
        _finished = new bool[_texts.Length];
    }

    public void OnToken(Generation generation, int token) => _streams[IndexOf(generation)].OnToken(generation, token);

    public void OnFinished(Generation generation)
    {
        int index = IndexOf(generation);
        _streams[index].OnFinished(generation);
        _finished[index] = true;
        for (; _written < _texts.Length && _finished[_written]; _written++)
        {
            _writer.Write($"=== prompt {(_written / _samples) + 1} of {_prompts}, sample {(_written % _samples) + 1} of {_samples} ===\n");
            _writer.Write(_texts[_written].ToString());
            _writer.Flush();
        }
    }

    private int IndexOf(Generation generation) => (generation.Prompt * _samples) + generation.Sample;
}
