using KvCache.Gpu;
using KvCache.GpuCheck.Report;
using KvCache.GpuCheck.Timing;
using KvCache.GpuCheck.Workloads;

namespace KvCache.GpuCheck.Checks;

/// <summary>Copies of scattered pages by one kernel: to other pages, into a range, out of it. First whether they are right, then how fast.</summary>
internal sealed class PageCopies : IGpuCheck
{
    private delegate void Submission(GpuPageCopier copier, GpuPages from, int[] listed, GpuPages to, int[] ordered);

    private static readonly (string Name, Submission Submit, bool ReadsListed, bool WritesListed)[] Ways =
    [
        ("page to page", static (copier, from, listed, to, ordered) => copier.Copy(from, listed, to, ordered), true, false),
        ("pages into a range", static (copier, from, listed, to, _) => copier.Gather(from, listed, to.Address), true, false),
        ("a range to pages", static (copier, from, listed, to, _) => copier.Scatter(from.Address, to, listed), false, true),
    ];

    public string Name => "page-copy";

    public string Summary => "copies of scattered pages by one kernel, as copy-on-write and offload make them: right bytes, GB/s";

    public void Run(CheckContext context)
    {
        bool small = context.Device.Info.Kind == GpuDeviceKind.CpuAccelerator;
        CheckTable table = new("Copies of scattered pages by one kernel", "page, KiB", "pages", "way", "wrong", "ms", "GB/s read and written", "share of the copy roof");
        foreach (int kibibytes in small ? new[] { 1 } : [4, 16, 32, 64, 256])
        {
            int pageBytes = kibibytes << 10;
            int pages = small ? 16 : (int)((512L << 20) / pageBytes);
            foreach ((string name, Submission submit, bool readsListed, bool writesListed) in Ways)
            {
                Add(context, table, pageBytes, pages, name, submit, readsListed, writesListed);
            }
        }

        context.Report.Tables.Add(table);
    }

    private static void Add(
        CheckContext context, CheckTable table, int pageBytes, int pages, string name, Submission submit, bool readsListed, bool writesListed)
    {
        GpuDevice device = context.Device;
        byte[] content = new byte[(long)pages * pageBytes];
        new Random(pages).NextBytes(content);
        int[] ordered = [.. Enumerable.Range(0, pages)];
        int[] listed = [.. ordered];
        new Random(pageBytes).Shuffle(listed);
        using DeviceBuffer source = DeviceBuffer.Of<byte>(device, content);
        using DeviceBuffer destination = new(device, content.Length);
        using GpuPageCopier copier = new(device);
        GpuPages from = GpuPages.Packed(source.Address, pageBytes);
        GpuPages to = GpuPages.Packed(destination.Address, pageBytes);

        double milliseconds = DeviceTimer.MedianMilliseconds(device, context.Rounds, _ => submit(copier, from, listed, to, ordered));
        byte[] found = DeviceBuffer.Read(device, destination.Address, content.Length);
        int wrong = Enumerable.Range(0, pages).Count(i => !Page(found, writesListed ? listed[i] : i, pageBytes)
            .SequenceEqual(Page(content, readsListed ? listed[i] : i, pageBytes)));
        if (wrong > 0)
        {
            context.Report.Failures.Add($"{name}: {wrong} of {pages} pages of {pageBytes} bytes are wrong");
        }

        double rate = 2.0 * content.Length / milliseconds / 1e6;
        table.Add(pageBytes >> 10, pages, name, wrong, milliseconds, rate, rate / context.CopyRoof);
    }

    private static ReadOnlySpan<byte> Page(byte[] bytes, int page, int pageBytes) => bytes.AsSpan(page * pageBytes, pageBytes);
}
