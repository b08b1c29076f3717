using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Tervik.Storage;

/// <summary>What .NET lacks: making a rename durable.</summary>
static partial class Folders
{
    const int ReadOnly = 0;

    /// <summary>fsync of a folder, after which the names in it survive a crash of the machine. Windows does this by itself.</summary>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        var descriptor = Open(folder, ReadOnly);
        if (descriptor < 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
        try
        {
            if (Fsync(descriptor) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
