namespace KvCache.Layerwise;

/// <summary>Proves that pages and frames know each other, and that every frame is in one place.</summary>
internal sealed class LayerIntegrity(LayerMemory memory, Action<string> report)
{
    public void Check()
    {
        LayerFrames frames = memory.Frames;
        HashSet<int> free = List(frames.FreeList, "free");
        HashSet<int> leaving = List(frames.Leaving, "leaving");
        for (int number = 0; number < frames.HighWater; number++)
        {
            Frame frame = frames[number];
            int page = memory.Pages.Frames(frame.Layer).ElementAtOrDefault(frame.Block);
            Expect((frame.Use == FrameUse.Free) == free.Contains(number), $"Frame {number} is {frame.Use} and listed as free: {free.Contains(number)}.");
            Expect(
                (frame.Use == FrameUse.Leaving) == leaving.Contains(number),
                $"Frame {number} is {frame.Use} and listed as leaving: {leaving.Contains(number)}.");
            Expect(
                frame.Use is FrameUse.Free or FrameUse.Leaving || page == number,
                $"Frame {number} holds block {frame.Block} of layer {frame.Layer}, whose page is in frame {page}.");
        }

        CheckPages(frames);
    }

    private HashSet<int> List(FrameList list, string name)
    {
        HashSet<int> listed = [];
        for (int number = list.First; number >= 0; number = FrameList.Next(memory.Frames.All, number))
        {
            if (!listed.Add(number))
            {
                report($"Frame {number} is listed as {name} twice.");
                break;
            }
        }

        Expect(listed.Count == list.Count, $"{listed.Count} frames are {name}; the count says {list.Count}.");
        return listed;
    }

    private void CheckPages(LayerFrames frames)
    {
        for (int layer = 0; layer < memory.Layers; layer++)
        {
            int[] pages = memory.Pages.Frames(layer);
            for (int block = 0; block < pages.Length; block++)
            {
                int number = pages[block];
                Expect(
                    number < 0 || (number < frames.HighWater && frames[number].Layer == layer && frames[number].Block == block
                        && frames[number].Use != FrameUse.Free),
                    $"The page of block {block} in layer {layer} is said to be in frame {number}, which holds something else.");
            }
        }
    }

    private void Expect(bool holds, string fault)
    {
        if (!holds)
        {
            report(fault);
        }
    }
}
