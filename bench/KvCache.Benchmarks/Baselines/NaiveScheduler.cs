namespace KvCache.Benchmarks.Baselines;

/// <summary>What one writes first: lists of running requests and of their blocks, and new lists and a page table for every step. Knows no lack of memory.</summary>
internal sealed class NaiveScheduler(int blocks, int blockTokens)
{
    private readonly Queue<int> _free = new(Enumerable.Range(0, blocks));
    private List<Request> _running = [];

    public void Clear()
    {
        foreach (Request request in _running)
        {
            request.Blocks.ForEach(_free.Enqueue);
        }

        _running = [];
    }

    public void Start(int[] prompt, int maxTokens) => _running.Add(new Request([.. prompt], prompt.Length, maxTokens));

    /// <summary>Schedules everything that runs, lays out the page table a kernel needs, and takes a token for every row in.</summary>
    public int Step(int token)
    {
        List<(Request Request, int Tokens)> rows = [];
        foreach (Request request in _running.ToList())
        {
            int tokens = request.Tokens.Count - request.Computed;
            while (request.Blocks.Count * blockTokens < request.Tokens.Count)
            {
                request.Blocks.Add(_free.Dequeue());
            }

            rows.Add((request, tokens));
        }

        int[][] pageTable = [.. rows.Select(static row => row.Request.Blocks.ToArray())];
        int[] lengths = [.. rows.Select(static row => row.Request.Tokens.Count)];
        foreach ((Request request, _) in rows)
        {
            request.Computed = request.Tokens.Count;
            request.Tokens.Add(token);
        }

        foreach (Request request in _running.Where(static request => request.IsFinished))
        {
            request.Blocks.ForEach(_free.Enqueue);
        }

        _running = [.. _running.Where(static request => !request.IsFinished)];
        return pageTable.Length + lengths.Length;
    }

    private sealed record Request(List<int> Tokens, int PromptLength, int MaxTokens)
    {
        public List<int> Blocks { get; } = [];

        public int Computed { get; set; }

        public bool IsFinished => Tokens.Count - PromptLength == MaxTokens;
    }
}
