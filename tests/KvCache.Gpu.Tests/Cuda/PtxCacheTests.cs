using KvCache.Gpu.Cuda;
using Xunit;

namespace KvCache.Gpu.Tests.Cuda;

/// <summary>Compiled kernels on disk: read where they are whole, compiled and written anew where they are not.</summary>
public sealed class PtxCacheTests : IDisposable
{
    private static readonly TensorVariant Variant = TensorCatalog.Decode(KvElementType.Float16, 64, 4, largePages: true)!;
    private readonly string _root = Directory.CreateTempSubdirectory("kvcache-ptx-").FullName;

    private string Folder => Path.Combine(_root, "kernels");

    private string File => Path.Combine(Folder, PtxCache.FileOf(Variant));

    public static TheoryData<string, Func<byte[], byte[]>> Damages => new()
    {
        { "empty", static _ => [] },
        { "cut in two", static whole => whole[..(whole.Length / 2)] },
        { "without its last byte", static whole => whole[..^1] },
        { "longer", static whole => [.. whole, (byte)'\n'] },
        { "with another byte", static whole => [.. whole[..2000], (byte)(whole[2000] ^ 1), .. whole[2001..]] },
        { "without its first line", static whole => whole[(Array.IndexOf(whole, (byte)'\n') + 1)..] },
        { "of somebody else", static _ => "not for you"u8.ToArray() },
        { "one line without an end", static _ => new byte[100_000] },
    };

    [Fact]
    public void What_one_has_compiled_another_reads()
    {
        Assert.Equal(TensorPtx.Of(Variant), Read(compiled: 1));
        Assert.Equal(TensorPtx.Of(Variant), Read(compiled: 0));
        Assert.Equal([File], Directory.GetFiles(Folder));
    }

    [Theory]
    [MemberData(nameof(Damages), DisableDiscoveryEnumeration = true)]
    public void A_damaged_or_foreign_file_is_not_used_and_written_anew(string damage, Func<byte[], byte[]> change)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(damage);
        Read(compiled: 1);
        System.IO.File.WriteAllBytes(File, change(System.IO.File.ReadAllBytes(File)));
        Assert.Equal(TensorPtx.Of(Variant), Read(compiled: 1));
        Assert.Equal(TensorPtx.Of(Variant), Read(compiled: 0));
    }

    [Fact]
    public void A_folder_may_be_deleted_at_any_time()
    {
        PtxCache cache = new(Folder);
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(TensorPtx.Of(Variant), cache.Get(Variant));
            Directory.Delete(Folder, recursive: true);
        }

        Assert.Equal(2, cache.Compiled);
    }

    [Fact]
    public void A_folder_that_cannot_be_one_is_done_without()
    {
        System.IO.File.WriteAllText(Folder, "a file");
        Assert.Equal(TensorPtx.Of(Variant), Read(compiled: 1));
        Assert.Equal("a file", System.IO.File.ReadAllText(Folder));
    }

    [Fact]
    public void A_folder_in_a_files_place_is_done_without()
    {
        Directory.CreateDirectory(File);
        Assert.Equal(TensorPtx.Of(Variant), Read(compiled: 1));
        Assert.Empty(Directory.GetFiles(Folder));
    }

    [Fact]
    public void What_was_left_half_written_long_ago_is_deleted()
    {
        Directory.CreateDirectory(Folder);
        string old = File + ".0123.tmp";
        string recent = File + ".4567.tmp";
        System.IO.File.WriteAllText(old, "half");
        System.IO.File.WriteAllText(recent, "half");
        System.IO.File.SetLastWriteTimeUtc(old, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Read(compiled: 1);
        Assert.False(System.IO.File.Exists(old));
        Assert.True(System.IO.File.Exists(recent));
    }

    [Fact]
    public void Files_are_named_by_what_their_text_follows_from()
    {
        TensorVariant[] all = [.. TensorCatalog.All, .. TensorCatalog.Others];
        Assert.Distinct(all.Select(PtxCache.FileOf));
        Assert.All(all, static variant => Assert.Matches(@"^Tensor[\w.]+-[0-9a-f]{32}\.ptx$", PtxCache.FileOf(variant)));
    }

    [Fact]
    public void Threads_and_processes_share_a_folder()
    {
        // Four threads with caches of their own, and two processes, all of which find nothing there.
        KernelProcess[] processes = [KernelProcess.Start(Folder, "Decode64x8.Half"), KernelProcess.Start(Folder, "Decode64x8.Half")];
        string[] texts = new string[4];
        Thread[] threads = [.. texts.Select((_, i) => new Thread(() => texts[i] = new PtxCache(Folder).Get(Variant)))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        Assert.All(processes, static process => Assert.Contains(": 2 kernels", process.Wait(), StringComparison.Ordinal));
        Assert.All(texts, static text => Assert.Equal(TensorPtx.Of(Variant), text));
        Assert.Equal(2, Directory.GetFiles(Folder).Length);
        Assert.Equal(TensorPtx.Of(Variant), Read(compiled: 0));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>Reads as a process would that begins now.</summary>
    private string Read(int compiled)
    {
        PtxCache cache = new(Folder);
        string text = cache.Get(Variant);
        Assert.Equal(compiled, cache.Compiled);
        return text;
    }
}
