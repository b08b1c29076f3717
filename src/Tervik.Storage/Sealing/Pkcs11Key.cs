using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;

namespace Tervik.Storage.Sealing;

/// <summary>An institution key inside a hardware security module (PKCS#11 2.40): AES keys labelled <c>tervik institution key</c> that cannot be taken out, their number as CKA_ID.</summary>
sealed class Pkcs11Key : InstitutionKey
{
    const string Label = "tervik institution key";
    const int NonceBytes = 12;
    const int TagBytes = 16;

    static readonly Pkcs11InteropFactories Factories = new();
    // A library is opened once a process: to close it would end the sessions of all.
    static readonly ConcurrentDictionary<string, IPkcs11Library> Libraries = new(StringComparer.Ordinal);

    readonly ISession session;
    readonly SortedDictionary<int, IObjectHandle> keys = [];
    readonly Lock turn = new();

    // Pkcs11Interop asks for libdl, which is libdl.so.2 where no development files are installed.
    static Pkcs11Key() => NativeLibrary.SetDllImportResolver(typeof(Pkcs11InteropFactories).Assembly, (name, assembly, _) => name == "libdl" && NativeLibrary.TryLoad("libdl.so.2", out var handle) ? handle : 0);

    public Pkcs11Key(string uri)
    {
        var attributes = Parse(uri);
        string Of(string name) => attributes.TryGetValue(name, out var value) ? value : throw new StorageException($"The setting keys names no {name}; pkcs11:token=NAME?module-path=/path/of/library.so&pin-source=file:/path/of/pin was expected.");
        var pinFile = Of("pin-source");
        var pin = File.ReadAllText(pinFile.StartsWith("file:", StringComparison.Ordinal) ? pinFile["file:".Length..] : pinFile).Trim();
        try
        {
            var library = Libraries.GetOrAdd(Of("module-path"), path => Factories.Pkcs11LibraryFactory.LoadPkcs11Library(Factories, path, AppType.MultiThreaded));
            var slot = library.GetSlotList(SlotsType.WithTokenPresent).Find(slot => slot.GetTokenInfo().Label.Trim() == Of("token"))
                ?? throw new StorageException($"{Of("module-path")} has no token {Of("token")}.");
            session = slot.OpenSession(SessionType.ReadWrite);
            LogIn(pin);
            if (Generations().Count == 0) Next();
        }
        catch (Exception fault) when (fault is Pkcs11Exception or UnmanagedException)
        {
            throw new StorageException($"The security module of the setting keys cannot be used: {fault.Message}", fault);
        }
    }

    void LogIn(string pin)
    {
        try
        {
            session.Login(CKU.CKU_USER, pin);
        }
        catch (Pkcs11Exception fault) when (fault.RV == CKR.CKR_USER_ALREADY_LOGGED_IN)
        {
            // By another session of this process.
        }
    }

    static Dictionary<string, string> Parse(string uri) => uri["pkcs11:".Length..].Split(';', '?', '&').Select(part => part.Split('=', 2))
        .Where(part => part.Length == 2).ToDictionary(part => part[0], part => Uri.UnescapeDataString(part[1]), StringComparer.Ordinal);

    public override IReadOnlyList<int> Generations()
    {
        lock (turn)
        {
            keys.Clear();
            var attribute = Factories.ObjectAttributeFactory;
            foreach (var handle in session.FindAllObjects([attribute.Create(CKA.CKA_CLASS, CKO.CKO_SECRET_KEY), attribute.Create(CKA.CKA_LABEL, Label)]))
                keys[BinaryPrimitives.ReadInt32BigEndian(session.GetAttributeValue(handle, [CKA.CKA_ID])[0].GetValueAsByteArray())] = handle;
            return [.. keys.Keys];
        }
    }

    public override byte[] Wrap(ReadOnlySpan<byte> key, ReadOnlySpan<byte> about)
    {
        lock (turn)
        {
            var (generation, handle) = keys.Last();
            var nonce = RandomNumberGenerator.GetBytes(NonceBytes);
            using var mechanism = Gcm(nonce, about);
            var secret = session.Encrypt(mechanism, handle, key.ToArray());
            var wrapped = new byte[sizeof(int) + NonceBytes + secret.Length];
            BinaryPrimitives.WriteInt32BigEndian(wrapped, generation);
            nonce.CopyTo(wrapped, sizeof(int));
            secret.CopyTo(wrapped, sizeof(int) + NonceBytes);
            return wrapped;
        }
    }

    public override byte[] Unwrap(ReadOnlySpan<byte> wrapped, ReadOnlySpan<byte> about)
    {
        if (wrapped.Length < sizeof(int) + NonceBytes + TagBytes) throw new StorageException("A data key is damaged: it is too short.");
        lock (turn)
        {
            var generation = BinaryPrimitives.ReadInt32BigEndian(wrapped);
            if (!keys.TryGetValue(generation, out var handle))
            {
                Generations();
                if (!keys.TryGetValue(generation, out handle)) throw Unknown(generation);
            }
            using var mechanism = Gcm(wrapped.Slice(sizeof(int), NonceBytes).ToArray(), about);
            try
            {
                return session.Decrypt(mechanism, handle, wrapped[(sizeof(int) + NonceBytes)..].ToArray());
            }
            catch (Pkcs11Exception fault)
            {
                throw new StorageException($"A data key cannot be opened by the security module ({fault.RV}): it was changed, or belongs to another key.", fault);
            }
        }
    }

    static IMechanism Gcm(byte[] nonce, ReadOnlySpan<byte> about) =>
        Factories.MechanismFactory.Create(CKM.CKM_AES_GCM, Factories.MechanismParamsFactory.CreateCkGcmParams(nonce, NonceBytes * 8, about.ToArray(), TagBytes * 8));

    public override void Next()
    {
        lock (turn)
        {
            var generation = Generations() is [.., var newest] ? newest + 1 : 1;
            var id = new byte[sizeof(int)];
            BinaryPrimitives.WriteInt32BigEndian(id, generation);
            var attribute = Factories.ObjectAttributeFactory;
            using var mechanism = Factories.MechanismFactory.Create(CKM.CKM_AES_KEY_GEN);
            keys[generation] = session.GenerateKey(mechanism,
            [
                attribute.Create(CKA.CKA_CLASS, CKO.CKO_SECRET_KEY), attribute.Create(CKA.CKA_KEY_TYPE, CKK.CKK_AES), attribute.Create(CKA.CKA_VALUE_LEN, 32),
                attribute.Create(CKA.CKA_TOKEN, true), attribute.Create(CKA.CKA_PRIVATE, true), attribute.Create(CKA.CKA_SENSITIVE, true), attribute.Create(CKA.CKA_EXTRACTABLE, false),
                attribute.Create(CKA.CKA_ENCRYPT, true), attribute.Create(CKA.CKA_DECRYPT, true), attribute.Create(CKA.CKA_LABEL, Label), attribute.Create(CKA.CKA_ID, id),
            ]);
        }
    }

    public override void DestroyOlder()
    {
        lock (turn)
        {
            Generations();
            foreach (var (_, handle) in keys.SkipLast(1)) session.DestroyObject(handle);
            Generations();
        }
    }

    public override void Dispose() => session.Dispose();
}
