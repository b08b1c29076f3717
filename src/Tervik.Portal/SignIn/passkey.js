// Signs in with a passkey, or makes one: asks the device, puts its answer into the form and sends it. Without this script the forms stay hidden.
const canAsk = window.PublicKeyCredential?.parseRequestOptionsFromJSON && window.PublicKeyCredential.parseCreationOptionsFromJSON;
for (const form of document.querySelectorAll('form[data-passkey]')) {
  if (!canAsk) continue;
  form.hidden = false;
  const { passkey: begin, kind, field } = form.dataset;
  const status = form.querySelector('[role=status]');
  form.addEventListener('submit', async event => {
    event.preventDefault();
    status.hidden = true;
    try {
      const answer = await fetch(begin, { method: 'POST', body: new URLSearchParams({ [field]: form.elements[field].value }) });
      if (!answer.ok) throw new Error(`${answer.status}`);
      const { challenge, options } = await answer.json();
      const credential = kind === 'make'
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
      form.elements.challenge.value = challenge;
      form.elements.answer.value = JSON.stringify(credential.toJSON());
      form.submit();
    } catch {
      // Given up, timed out, or no such device: the person can try again or take another way.
      status.hidden = false;
    }
  });
}
