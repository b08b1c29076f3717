using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Tervik.Storage.Sealing;

/// <summary>File systems of SQLite (https://sqlite.org/vfs.html) in which database and log are encrypted page by page, and nothing else is ever written: rollback journals and temporary files are refused, SQLite keeps them in memory.
/// Everything but reading and writing is the system's own file system.</summary>
static unsafe partial class SealedFiles
{
    const byte DatabaseKind = 0;
    const byte LogKind = 1;
    const int FrameHeadBytes = 24;
    const int LogHeadBytes = 32;
    const int FrameBytes = FrameHeadBytes + PageCipher.PageBytes;
    const int ReserveBytesControl = 38; // SQLITE_FCNTL_RESERVE_BYTES
    const int ShortRead = raw.SQLITE_IOERR | 2 << 8;
    public const int BadData = raw.SQLITE_IOERR | 32 << 8;

    static readonly Lock Turn = new();
    static readonly List<byte[]> Databases = [];
    static readonly Methods* SealedMethods = AllMethods();

    /// <summary>sqlite3_vfs; behind it the number of the database's key.</summary>
    [StructLayout(LayoutKind.Sequential)]
    struct FileSystem
    {
        public int Version, FileBytes, LongestPath;
        public FileSystem* Next;
        public byte* Name;
        public nint Data;
        public delegate* unmanaged<FileSystem*, byte*, File*, int, int*, int> Open;
        public nint Delete, Access, FullPath, DlOpen, DlError, DlSym, DlClose, Randomness, Sleep, CurrentTime, LastError, CurrentTime64, SetSystemCall, GetSystemCall, NextSystemCall;
        public FileSystem* System;
        public int Database;
    }

    /// <summary>sqlite3_file; behind it our cipher, and behind that the file of the system.</summary>
    [StructLayout(LayoutKind.Sequential)]
    struct File
    {
        public Methods* Methods;
        public nint Cipher;
        public long IsLog;

        public static File* Under(File* file) => file + 1;
    }

    /// <summary>sqlite3_io_methods, version 2: without memory mapping, which would show what is on disk.</summary>
    [StructLayout(LayoutKind.Sequential)]
    struct Methods
    {
        public int Version;
        public delegate* unmanaged<File*, int> Close;
        public delegate* unmanaged<File*, byte*, int, long, int> Read, Write;
        public delegate* unmanaged<File*, long, int> Truncate;
        public delegate* unmanaged<File*, int, int> Sync;
        public delegate* unmanaged<File*, long*, int> Size;
        public delegate* unmanaged<File*, int, int> Lock, Unlock;
        public delegate* unmanaged<File*, int*, int> CheckReserved;
        public delegate* unmanaged<File*, int, void*, int> Control;
        public delegate* unmanaged<File*, int> SectorSize, Characteristics;
        public delegate* unmanaged<File*, int, int, int, void**, int> ShmMap;
        public delegate* unmanaged<File*, int, int, int, int> ShmLock;
        public delegate* unmanaged<File*, void> ShmBarrier;
        public delegate* unmanaged<File*, int, int> ShmUnmap;
    }

    /// <summary>Makes a file system for the databases of one key.</summary>
    /// <returns>Its name, for opening them. It lasts until the program ends.</returns>
    public static string Register(byte[] key)
    {
        lock (Turn)
        {
            var known = Databases.FindIndex(other => other.AsSpan().SequenceEqual(key));
            if (known >= 0) return NameOf(known);
            var system = Find(null);
            var made = (FileSystem*)NativeMemory.AllocZeroed((nuint)sizeof(FileSystem));
            *made = *system;
            made->FileBytes = sizeof(File) + system->FileBytes;
            made->Next = null;
            made->Name = (byte*)Marshal.StringToCoTaskMemUTF8(NameOf(Databases.Count));
            made->Open = &Open;
            made->System = system;
            made->Database = Databases.Count;
            if (Add(made, 0) != raw.SQLITE_OK) throw new StorageException("SQLite did not take the encrypting file system.");
            Databases.Add([.. key]);
            return NameOf(Databases.Count - 1);
        }
    }

    static string NameOf(int database) => string.Create(CultureInfo.InvariantCulture, $"tervik-sealed-{database}");

    /// <summary>Has SQLite leave room at the end of each page; said before a new database is first written.</summary>
    public static void LeaveRoom(sqlite3 connection)
    {
        var bytes = PageCipher.ReservedBytes;
        FileControl(connection.DangerousGetHandle(), "main", ReserveBytesControl, &bytes);
    }

    /// <summary>Encrypts a database whose pages have room for it. It has no log, and nobody has it open.</summary>
    /// <param name="from">The database.</param>
    /// <param name="to">Where the encrypted copy goes.</param>
    /// <param name="key">Its key.</param>
    /// <param name="before">The key <paramref name="from"/> is encrypted with; null for a plain one.</param>
    public static void Encrypt(string from, string to, byte[] key, byte[]? before = null)
    {
        using var old = before is null ? null : new PageCipher(before, DatabaseKind);
        using var cipher = new PageCipher(key, DatabaseKind);
        using var source = new FileStream(from, FileMode.Open, FileAccess.Read);
        using var target = new FileStream(to, FileMode.Create, FileAccess.Write);
        var page = new byte[PageCipher.PageBytes];
        for (var offset = 0L; offset < source.Length; offset += page.Length)
        {
            source.ReadExactly(page);
            if (old?.TryOpen(page, offset) == false) throw new StorageException($"{from} cannot be decrypted at byte {offset}: it was changed. Run verify.");
            // "Written and read with a log": otherwise SQLite would want a rollback journal before its first page says so.
            if (offset == 0) page[18] = page[19] = 2;
            var secret = cipher.Seal(page, offset);
            if (secret.IsEmpty) throw new StorageException($"{from} has no room for encryption in its pages.");
            target.Write(secret);
        }
        target.Flush(flushToDisk: true);
    }

    /// <summary>Whether its first page is encrypted with this key.</summary>
    public static bool IsEncryptedWith(string path, byte[] key)
    {
        using var cipher = new PageCipher(key, DatabaseKind);
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var page = new byte[PageCipher.PageBytes];
        return file.ReadAtLeast(page, page.Length, throwOnEndOfStream: false) == page.Length && cipher.TryOpen(page, 0);
    }

    [UnmanagedCallersOnly]
    static int Open(FileSystem* own, byte* name, File* file, int flags, int* outFlags)
    {
        file->Methods = null;
        var isLog = (flags & raw.SQLITE_OPEN_WAL) != 0;
        if (!isLog && (flags & raw.SQLITE_OPEN_MAIN_DB) == 0) return raw.SQLITE_CANTOPEN;
        var under = File.Under(file);
        var code = own->System->Open(own->System, name, under, flags, outFlags);
        if (code != raw.SQLITE_OK)
        {
            if (under->Methods != null) under->Methods->Close(under);
            return code;
        }
        try
        {
            byte[] key;
            lock (Turn) key = Databases[own->Database];
            file->Cipher = GCHandle.ToIntPtr(GCHandle.Alloc(new PageCipher(key, isLog ? LogKind : DatabaseKind)));
            file->IsLog = isLog ? 1 : 0;
            file->Methods = SealedMethods;
            return raw.SQLITE_OK;
        }
        catch (Exception)
        {
            under->Methods->Close(under);
            return raw.SQLITE_NOMEM;
        }
    }

    [UnmanagedCallersOnly]
    static int Close(File* file)
    {
        var handle = GCHandle.FromIntPtr(file->Cipher);
        Cipher(file).Dispose();
        handle.Free();
        return File.Under(file)->Methods->Close(File.Under(file));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static PageCipher Cipher(File* file) => Unsafe.As<PageCipher>(GCHandle.FromIntPtr(file->Cipher).Target!);

    [UnmanagedCallersOnly]
    static int Read(File* file, byte* buffer, int bytes, long offset)
    {
        try
        {
            return file->IsLog != 0 ? ReadLog(file, new(buffer, bytes), offset) : ReadDatabase(file, new(buffer, bytes), offset);
        }
        catch (Exception)
        {
            return raw.SQLITE_IOERR; // nothing may be thrown into SQLite
        }
    }

    static int ReadUnder(File* file, Span<byte> target, long offset)
    {
        fixed (byte* buffer = target) return File.Under(file)->Methods->Read(File.Under(file), buffer, target.Length, offset);
    }

    static int ReadDatabase(File* file, Span<byte> target, long offset)
    {
        var within = (int)(offset % PageCipher.PageBytes);
        if (within == 0 && target.Length == PageCipher.PageBytes) return ReadPage(file, target, offset, offset);
        // The beginning of the first page, before SQLite knows how large pages are.
        if (within + target.Length > PageCipher.PageBytes) return raw.SQLITE_IOERR;
        Span<byte> page = stackalloc byte[PageCipher.PageBytes];
        var code = ReadPage(file, page, offset - within, offset - within);
        page.Slice(within, target.Length).CopyTo(target);
        return code;
    }

    static int ReadPage(File* file, Span<byte> page, long from, long offset)
    {
        var code = ReadUnder(file, page, from);
        if (code == raw.SQLITE_OK) return Cipher(file).TryOpen(page, offset) ? code : BadData;
        page.Clear();
        return code;
    }

    static int ReadLog(File* file, Span<byte> target, long offset)
    {
        if (offset < LogHeadBytes) return offset + target.Length <= LogHeadBytes ? ReadUnder(file, target, offset) : raw.SQLITE_IOERR;
        var within = (int)((offset - LogHeadBytes) % FrameBytes);
        if (within == FrameHeadBytes && target.Length == PageCipher.PageBytes) return ReadPage(file, target, offset, offset);
        if (within + target.Length <= FrameHeadBytes)
        {
            Span<byte> head = stackalloc byte[FrameHeadBytes];
            var code = ReadUnder(file, head, offset - within);
            if (code == raw.SQLITE_OK) Cipher(file).OpenHead(head);
            head.Slice(within, target.Length).CopyTo(target);
            return code;
        }
        if (within != 0 || target.Length != FrameBytes) return raw.SQLITE_IOERR;
        var whole = ReadUnder(file, target, offset);
        if (whole != raw.SQLITE_OK)
        {
            target.Clear();
            return whole;
        }
        // After a crash the end of the log may be torn: no page number tells SQLite that the log ends here.
        Cipher(file).OpenHead(target);
        if (!Cipher(file).TryOpen(target[FrameHeadBytes..], offset + FrameHeadBytes)) target.Clear();
        return raw.SQLITE_OK;
    }

    [UnmanagedCallersOnly]
    static int Write(File* file, byte* buffer, int bytes, long offset)
    {
        try
        {
            var source = new ReadOnlySpan<byte>(buffer, bytes);
            if (file->IsLog == 0) return offset % PageCipher.PageBytes == 0 && bytes == PageCipher.PageBytes ? WritePage(file, source, offset) : raw.SQLITE_IOERR;
            if (offset < LogHeadBytes) return offset + bytes <= LogHeadBytes ? WriteUnder(file, source, offset) : raw.SQLITE_IOERR;
            return ((offset - LogHeadBytes) % FrameBytes, bytes) switch
            {
                (0, FrameHeadBytes) => WriteHead(file, source, offset),
                (FrameHeadBytes, PageCipher.PageBytes) => WritePage(file, source, offset),
                _ => raw.SQLITE_IOERR,
            };
        }
        catch (Exception)
        {
            return raw.SQLITE_IOERR;
        }
    }

    static int WritePage(File* file, ReadOnlySpan<byte> page, long offset) => Cipher(file).Seal(page, offset) is { IsEmpty: false } secret ? WriteUnder(file, secret, offset) : BadData;

    static int WriteHead(File* file, ReadOnlySpan<byte> source, long offset)
    {
        Span<byte> head = stackalloc byte[FrameHeadBytes];
        source.CopyTo(head);
        Cipher(file).SealHead(head);
        return WriteUnder(file, head, offset);
    }

    static int WriteUnder(File* file, ReadOnlySpan<byte> source, long offset)
    {
        fixed (byte* buffer = source) return File.Under(file)->Methods->Write(File.Under(file), buffer, source.Length, offset);
    }

    static Methods* AllMethods()
    {
        var methods = (Methods*)NativeMemory.AllocZeroed((nuint)sizeof(Methods));
        *methods = new()
        {
            Version = 2,
            Close = &Close, Read = &Read, Write = &Write, Truncate = &Truncate, Sync = &Sync, Size = &Size, Lock = &LockFile, Unlock = &Unlock, CheckReserved = &CheckReserved,
            Control = &Control, SectorSize = &SectorSize, Characteristics = &Characteristics, ShmMap = &ShmMap, ShmLock = &ShmLock, ShmBarrier = &ShmBarrier, ShmUnmap = &ShmUnmap,
        };
        return methods;
    }

    [UnmanagedCallersOnly] static int Truncate(File* file, long bytes) => File.Under(file)->Methods->Truncate(File.Under(file), bytes);
    [UnmanagedCallersOnly] static int Sync(File* file, int flags) => File.Under(file)->Methods->Sync(File.Under(file), flags);
    [UnmanagedCallersOnly] static int Size(File* file, long* bytes) => File.Under(file)->Methods->Size(File.Under(file), bytes);
    [UnmanagedCallersOnly] static int LockFile(File* file, int level) => File.Under(file)->Methods->Lock(File.Under(file), level);
    [UnmanagedCallersOnly] static int Unlock(File* file, int level) => File.Under(file)->Methods->Unlock(File.Under(file), level);
    [UnmanagedCallersOnly] static int CheckReserved(File* file, int* isReserved) => File.Under(file)->Methods->CheckReserved(File.Under(file), isReserved);
    [UnmanagedCallersOnly] static int Control(File* file, int operation, void* argument) => File.Under(file)->Methods->Control(File.Under(file), operation, argument);
    [UnmanagedCallersOnly] static int SectorSize(File* file) => File.Under(file)->Methods->SectorSize(File.Under(file));
    [UnmanagedCallersOnly] static int Characteristics(File* file) => File.Under(file)->Methods->Characteristics(File.Under(file));
    [UnmanagedCallersOnly] static int ShmMap(File* file, int region, int bytes, int extend, void** at) => File.Under(file)->Methods->ShmMap(File.Under(file), region, bytes, extend, at);
    [UnmanagedCallersOnly] static int ShmLock(File* file, int offset, int n, int flags) => File.Under(file)->Methods->ShmLock(File.Under(file), offset, n, flags);
    [UnmanagedCallersOnly] static void ShmBarrier(File* file) => File.Under(file)->Methods->ShmBarrier(File.Under(file));
    [UnmanagedCallersOnly] static int ShmUnmap(File* file, int delete) => File.Under(file)->Methods->ShmUnmap(File.Under(file), delete);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_vfs_find", StringMarshalling = StringMarshalling.Utf8)]
    private static partial FileSystem* Find(string? name);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_vfs_register")]
    private static partial int Add(FileSystem* fileSystem, int isDefault);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_file_control", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FileControl(nint connection, string database, int operation, void* argument);
}
